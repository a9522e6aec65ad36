"""Clouds of points by nearest neighbours: a legitimate set-up.

Two clouds of points are compared by the nearest neighbour of each point; no point has a partner.

Sources:
  https://arxiv.org/abs/1612.00603
"""

import torch
from torch import nn

CASE = {
    "id": "clouds_of_points_by_nearest_neighbours",
    "family": "loss",
    "note": ("Two clouds of points are compared by the nearest neighbour of each point; no point has a partner."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1612.00603"],
    "fall": 0.05,
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(3, 3)
    x, y = (torch.randn(6, 20, 3), torch.randn(6, 20, 3))

    def loss(out, t):
        distances = torch.cdist(out, t)
        return distances.amin(1).mean() + distances.amin(2).mean()

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
