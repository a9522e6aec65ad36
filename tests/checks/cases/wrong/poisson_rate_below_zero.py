"""Poisson rate below zero.

What is wrong: PoissonNLLLoss(log_input=False) takes the output for a rate, which has to be
positive, but the last layer is a plain Linear: the logarithm of a negative rate is NaN.

Symptom on torch 2.13: no exception and no warning.

Repair: nn.PoissonNLLLoss() with the default log_input=True, or nn.Softplus() as the last layer.

Sources:
  https://github.com/pytorch/pytorch/issues/184030
  https://github.com/pytorch/pytorch/pull/184033
"""

import torch
from torch import nn

CASE = {
    "id": "poisson_rate_below_zero",
    "family": "rare_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "PoissonNLLLoss(log_input=False) takes the output for a rate, which has to be positive, "
            "but the last layer is a plain Linear: the logarithm of a negative rate is NaN."
        ),
        "fix": ("nn.PoissonNLLLoss() with the default log_input=True, or nn.Softplus() as the last layer."),
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/184030",
        "https://github.com/pytorch/pytorch/pull/184033",
    ],
    "evidence": {
        "kind": "nan",
        "steps": 2,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(80, 4)
    counts = torch.poisson((0.5 * x[:, :1] + 1).exp())
    model = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 1))
    return {
        "model": model,
        "loss_fn": nn.PoissonNLLLoss(log_input=mended),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, counts),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
