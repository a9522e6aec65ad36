"""Counts with logarithmic rate: a legitimate set-up.

Poisson regression: raw scores are log-rates (log_input=True, the default), targets are whole
numbers as floats, the loss without its constant term is below zero.

Sources:
  https://github.com/pytorch/pytorch/pull/1779
  https://github.com/pytorch/pytorch/issues/28575
"""

import torch
from torch import nn

CASE = {
    "id": "counts_with_logarithmic_rate",
    "family": "loss",
    "note": (
        "Poisson regression: raw scores are log-rates (log_input=True, the default), targets are "
        "whole numbers as floats, the loss without its constant term is below zero."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/pull/1779",
        "https://github.com/pytorch/pytorch/issues/28575",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.rand(120, 3)
    counts = torch.poisson((1 + 2 * x[:, :1] - x[:, 1:2]).exp())
    model = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.PoissonNLLLoss(), "optimizer": optimizer, "batch": (x, counts)}
