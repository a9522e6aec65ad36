"""Norm layers alone in eval: a legitimate set-up.

Fine-tuning with small batches: every layer is trained, only the batch norms keep their statistics.

Sources:
  https://github.com/open-mmlab/mmsegmentation/issues/2447
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "norm_layers_alone_in_eval",
    "family": "mode",
    "note": ("Fine-tuning with small batches: every layer is trained, only the batch norms keep their statistics."),
    "hint_ok": False,
    "source": [
        "https://github.com/open-mmlab/mmsegmentation/issues/2447",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Sequential(nn.Linear(6, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 3))
    model[1].eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}
