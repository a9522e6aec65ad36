"""Quantiles against quantiles: a legitimate set-up.

Distributional reinforcement learning: every predicted quantile is compared with every target
quantile on purpose.

Sources:
  https://arxiv.org/abs/1710.10044
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "quantiles_against_quantiles",
    "family": "broadcast",
    "note": (
        "Distributional reinforcement learning: every predicted quantile is compared with "
        "every target quantile on purpose."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1710.10044"],
    "fall": 0.02,
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(4, 8)
    x = torch.randn(32, 4)
    y = torch.randn(32, 8)
    tau = (torch.arange(8) + 0.5) / 8

    def loss(out, t):
        differences = t.unsqueeze(1) - out.unsqueeze(2)
        costs = F.huber_loss(
            out.unsqueeze(2).expand_as(differences), t.unsqueeze(1).expand_as(differences), reduction="none"
        )
        return ((tau.view(1, 8, 1) - (differences.detach() < 0).float()).abs() * costs).mean(2).sum(1).mean()

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
