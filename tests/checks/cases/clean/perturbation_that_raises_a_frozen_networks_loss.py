"""Perturbation that raises a frozen networks loss: a legitimate set-up.

An attack: the network is frozen, and what is trained is a perturbation of the inputs that makes
its loss larger.

Sources:
  https://arxiv.org/abs/1706.06083
"""

import torch
from torch import nn

CASE = {
    "id": "perturbation_that_raises_a_frozen_networks_loss",
    "family": "loss",
    "note": (
        "An attack: the network is frozen, and what is trained is a perturbation of the inputs "
        "that makes its loss larger."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1706.06083"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Perturbed(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.change, self.network = nn.Parameter(torch.zeros(32, 10)), network

    def forward(self, x):
        return self.network(x + 0.5 * self.change.tanh())


def build(seed=0):
    torch.manual_seed(seed)
    x, y = torch.rand(32, 10), torch.randint(0, 3, (32,))
    model = Perturbed(mlp(10, 3).requires_grad_(False))

    return {
        "model": model,
        "loss_fn": lambda output, target: -nn.functional.cross_entropy(output, target),
        "optimizer": torch.optim.Adam([model.change], lr=0.1),
        "batch": (x, y),
        "train_step": None,
    }
