"""Embedding fed float ids.

What is wrong: The ids passed through a float table (a numpy array with a missing value,
torch.Tensor(list)) and reach nn.Embedding as float32; it looks up integers only.

Symptom on torch 2.13: raises RuntimeError saying 'to have one of the following scalar types: Long,
Int; but got torch.FloatTensor'.

Repair: ids = ids.long().

Sources:
  https://github.com/pytorch/pytorch/issues/116598
  https://github.com/sksq96/pytorch-summary/issues/64
  https://github.com/adesgautam/clip-search/issues/1
"""

import torch
from torch import nn

CASE = {
    "id": "embedding_fed_float_ids",
    "family": "dtype",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The ids passed through a float table (a numpy array with a missing value, "
            "torch.Tensor(list)) and reach nn.Embedding as float32; it looks up integers only."
        ),
        "fix": "ids = ids.long().",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/116598",
        "https://github.com/sksq96/pytorch-summary/issues/64",
        "https://github.com/adesgautam/clip-search/issues/1",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": ("to have one of the following scalar types: Long, Int; but got torch.FloatTensor"),
        "stage": "forward",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    ids = torch.randint(0, 25, (40, 3)).float()
    y = (ids[:, :1] > 12).float()
    if mended:
        ids = ids.long()
    model = nn.Sequential(nn.Embedding(25, 8), nn.Flatten(), nn.Linear(24, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    return {"model": model, "loss_fn": nn.BCEWithLogitsLoss(), "optimizer": optimizer, "batch": (ids, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
