"""Scores capped far out: a legitimate set-up.

Scores are clamped to -15 ... 15, where a class is as good as certain, so that half precision
does not overflow.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
"""

import torch
from torch import nn

CASE = {
    "id": "scores_capped_far_out",
    "family": "activation",
    "note": (
        "Scores are clamped to -15 ... 15, where a class is as good as certain, so that half "
        "precision does not overflow."
    ),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html"],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3), nn.Hardtanh(-15, 15))
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
