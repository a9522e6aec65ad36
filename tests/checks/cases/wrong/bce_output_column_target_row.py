"""Bce output column target row.

What is wrong: The network ends in Linear(.., 1), so the output is (N, 1), and the target is (N,):
BCEWithLogitsLoss refuses, unlike MSELoss, which would broadcast.

Symptom on torch 2.13: raises ValueError saying 'Target size (torch.Size([54])) must be the same as
input size (torch.Size([54, 1]))'.

Repair: y = y.unsqueeze(1).

Sources:
  https://github.com/pytorch/pytorch/issues/25663
  https://github.com/pytorch/pytorch/issues/1939
  https://github.com/FernandoLpz/Text-Classification-LSTMs-PyTorch/issues/9
"""

import torch
from torch import nn

CASE = {
    "id": "bce_output_column_target_row",
    "family": "shape",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The network ends in Linear(.., 1), so the output is (N, 1), and the target is (N,): "
            "BCEWithLogitsLoss refuses, unlike MSELoss, which would broadcast."
        ),
        "fix": "y = y.unsqueeze(1).",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/25663",
        "https://github.com/pytorch/pytorch/issues/1939",
        "https://github.com/FernandoLpz/Text-Classification-LSTMs-PyTorch/issues/9",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "ValueError",
        "match": ("Target size (torch.Size([54])) must be the same as input size (torch.Size([54, 1]))"),
        "stage": "loss",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(54, 6)
    y = (x[:, 0] * x[:, 1] > 0).float()
    if mended:
        y = y.unsqueeze(1)
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.BCEWithLogitsLoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
