"""Targets by the hundred thousand.

What is wrong: Prices around 300,000 are the raw targets of a network that starts near 0, with
Adam's steps of 0.001: the loss is about 1e11 and stays there.

Symptom on torch 2.13: no exception and no warning.

Repair: Standardise: y = (y - y.mean()) / y.std(), and undo it when predicting.

Sources:
  https://github.com/atomistic-machine-learning/schnetpack/issues/336
  https://github.com/HKUSTCV/FSS-1000/issues/20
  https://github.com/yuanwei1989/landmark-detection/issues/2
"""

import torch
from torch import nn

CASE = {
    "id": "targets_by_the_hundred_thousand",
    "family": "scale",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "Prices around 300,000 are the raw targets of a network that starts near 0, with Adam's "
            "steps of 0.001: the loss is about 1e11 and stays there."
        ),
        "fix": ("Standardise: y = (y - y.mean()) / y.std(), and undo it when predicting."),
    },
    "source": [
        "https://github.com/atomistic-machine-learning/schnetpack/issues/336",
        "https://github.com/HKUSTCV/FSS-1000/issues/20",
        "https://github.com/yuanwei1989/landmark-detection/issues/2",
    ],
    "evidence": {
        "kind": "stuck",
        "ratio": 0.9,
        "steps": 150,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(100, 5)
    price = 300_000 + 80_000 * (x[:, :1] + 0.5 * x[:, 1:2])
    if mended:
        price = (price - price.mean()) / price.std()
    model = nn.Sequential(nn.Linear(5, 64), nn.ReLU(), nn.Linear(64, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, price)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
