"""Normalising flow loss below zero: a legitimate set-up.

Affine coupling flow: forward returns (z, log-determinant) and the negative log-likelihood of a
continuous density passes below zero; there is no target, x is its own.

Sources:
  https://github.com/vislearn/FrEIA/issues/16
  https://github.com/bayesiains/nflows/issues/76
  https://github.com/karpathy/pytorch-normalizing-flows/issues/7
"""

import math

import torch
from torch import nn

CASE = {
    "id": "normalising_flow_loss_below_zero",
    "family": "loss",
    "note": (
        "Affine coupling flow: forward returns (z, log-determinant) and the negative log- "
        "likelihood of a continuous density passes below zero; there is no target, x is its own."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/vislearn/FrEIA/issues/16",
        "https://github.com/bayesiains/nflows/issues/76",
        "https://github.com/karpathy/pytorch-normalizing-flows/issues/7",
    ],
    "steps": 80,
}


class Coupling(nn.Module):
    def __init__(self, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 2))

    def forward(self, x):
        kept, changed = x.flip(1).chunk(2, dim=1) if self.flip else x.chunk(2, dim=1)
        scale, shift = self.net(kept).chunk(2, dim=1)
        scale = 3 * torch.tanh(scale)
        return torch.cat([kept, changed * scale.exp() + shift], dim=1), scale.squeeze(1)


class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Coupling(False), Coupling(True), Coupling(True)])

    def forward(self, x):
        total = 0.0
        for layer in self.layers:
            x, log_determinant = layer(x)
            total = total + log_determinant
        return x, total


def negative_log_likelihood(output, _):
    z, log_determinant = output
    return (0.5 * z.pow(2).sum(1) + math.log(2 * math.pi) - log_determinant).mean()


def build(seed=0):
    torch.manual_seed(seed)
    angle = torch.rand(200) * 3.14
    x = 0.2 * torch.stack([angle.cos(), angle.sin()], dim=1) + 0.01 * torch.randn(200, 2)
    model = Flow()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": negative_log_likelihood, "optimizer": optimizer, "batch": (x, x)}
