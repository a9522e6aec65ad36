"""Barrier that is met: a legitimate set-up.

The network returns by how far its outputs leave a range that they are to keep to: not at all.

Sources:
  Boyd and Vandenberghe (2004), Convex Optimization, chapter 11
"""

import torch
from torch import nn

CASE = {
    "id": "barrier_that_is_met",
    "family": "init_act",
    "note": ("The network returns by how far its outputs leave a range that they are to keep to: not at all."),
    "hint_ok": False,
    "source": ["Boyd and Vandenberghe (2004), Convex Optimization, chapter 11"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Bounded(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = mlp(4, 1)

    def forward(self, x):
        output = self.network(x)
        return output, torch.relu(output.abs() - 50).square().mean()


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = Bounded()

    return {
        "model": model,
        "loss_fn": lambda output, target: nn.functional.mse_loss(output[0], target) + 10 * output[1],
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
