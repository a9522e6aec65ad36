"""Differences of two pooled sets: a legitimate set-up.

A set's encoder takes the largest of its points, and two sets are to differ by a given number:
both sides are trained.

Sources:
  https://arxiv.org/abs/1703.06114
"""

import torch
from torch import nn

CASE = {
    "id": "differences_of_two_pooled_sets",
    "family": "graph",
    "note": (
        "A set's encoder takes the largest of its points, and two sets are to differ by a given "
        "number: both sides are trained."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1703.06114"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Sets(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = mlp(3, 16), nn.Linear(16, 1)

    def value(self, points):
        return self.outer(torch.relu(self.inner(points)).max(1).values)

    def forward(self, one, other):
        return self.value(one), self.value(other)


def build(seed=0):
    torch.manual_seed(seed)
    one, other = torch.randn(32, 7, 3), torch.randn(32, 7, 3)
    y = (other - one).sum((1, 2))[:, None]
    model = Sets()

    return {
        "model": model,
        "loss_fn": lambda output, target: nn.functional.mse_loss(output[1], output[0] + target),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((one, other), y),
        "train_step": None,
    }
