"""Nan gradient behind where.

What is wrong: torch.where(x > 0, x.sqrt(), ...) chooses the other branch for negative x, and the
value is fine; the gradient of the branch not taken is NaN, and NaN times zero is NaN.

Symptom on torch 2.13: no exception and no warning.

Repair: torch.where(x > 0, x.clamp(min=1e-6).sqrt(), ...): make the branch safe, not only the
choice.

Sources:
  https://github.com/pytorch/pytorch/issues/187297
  https://github.com/pytorch/pytorch/issues/68425
  https://github.com/pytorch/pytorch/issues/108618
  https://github.com/Ciela-Institute/caustics/pull/83
"""

import torch
from torch import nn

CASE = {
    "id": "nan_gradient_behind_where",
    "family": "numerics",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "torch.where(x > 0, x.sqrt(), ...) chooses the other branch for negative x, and the value "
            "is fine; the gradient of the branch not taken is NaN, and NaN times zero is NaN."
        ),
        "fix": ("torch.where(x > 0, x.clamp(min=1e-6).sqrt(), ...): make the branch safe, not only the choice."),
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/187297",
        "https://github.com/pytorch/pytorch/issues/68425",
        "https://github.com/pytorch/pytorch/issues/108618",
        "https://github.com/Ciela-Institute/caustics/pull/83",
    ],
    "evidence": {
        "kind": "nan",
        "steps": 2,
    },
    "steps": 80,
}


class SignedRoot(nn.Module):
    def __init__(self, floor):
        super().__init__()
        self.floor = floor

    def forward(self, x):
        positive = x if self.floor is None else x.clamp(min=self.floor)
        return torch.where(x > 0, positive.sqrt(), 0.1 * x)


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(60, 3)
    y = x.sum(1, keepdim=True).abs().sqrt()
    model = nn.Sequential(nn.Linear(3, 20), SignedRoot(1e-4 if mended else None), nn.Linear(20, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.L1Loss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
