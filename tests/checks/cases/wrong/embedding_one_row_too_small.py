"""Embedding one row too small.

What is wrong: The ids run from 1 to 20 because 0 was kept for padding, but the table has 20 rows, 0
to 19: the last id has none.

Symptom on torch 2.13: raises IndexError saying 'index out of range in self'.

Repair: nn.Embedding(vocabulary + 1, ...).

Sources:
  https://github.com/lucidrains/audiolm-pytorch/issues/18
  https://github.com/pytorch/text/issues/235
  https://github.com/boathit/t2vec/issues/17
"""

import torch
from torch import nn

CASE = {
    "id": "embedding_one_row_too_small",
    "family": "labels",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The ids run from 1 to 20 because 0 was kept for padding, but the table has 20 rows, 0 to "
            "19: the last id has none."
        ),
        "fix": "nn.Embedding(vocabulary + 1, ...).",
    },
    "source": [
        "https://github.com/lucidrains/audiolm-pytorch/issues/18",
        "https://github.com/pytorch/text/issues/235",
        "https://github.com/boathit/t2vec/issues/17",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "IndexError",
        "match": "index out of range in self",
        "stage": "forward",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    vocabulary = 20
    tokens = torch.randint(1, vocabulary + 1, (40, 5))
    tokens[:, -1] = 0
    tokens[0, 0] = vocabulary
    y = tokens[:, 0] % 2
    rows = vocabulary + 1 if mended else vocabulary
    model = nn.Sequential(nn.Embedding(rows, 12, padding_idx=0), nn.Flatten(), nn.Linear(60, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (tokens, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
