"""Tanh stack drawn too small.

What is wrong: Twelve layers with weights of a spread of 0.01: what goes forward vanishes, and so
do the gradients.

Symptom on torch 2.13: no exception and no warning.

Repair: nn.init.xavier_normal_(weight, gain=5 / 3).

Sources:
  https://proceedings.mlr.press/v9/glorot10a.html
"""

import torch
from torch import nn

CASE = {
    "id": "tanh_stack_drawn_too_small",
    "family": "init",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "Twelve layers with weights of a spread of 0.01: what goes forward vanishes, and so do the gradients."
        ),
        "fix": "nn.init.xavier_normal_(weight, gain=5 / 3).",
    },
    "source": ["https://proceedings.mlr.press/v9/glorot10a.html"],
    "evidence": {"kind": "stuck", "steps": 60, "ratio": 0.9},
    "steps": 100,
}


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def make(seed, wrong):
    torch.manual_seed(seed)
    L = (
        [nn.Linear(6, 16), nn.Tanh()]
        + [value for _ in range(10) for value in (nn.Linear(16, 16), nn.Tanh())]
        + [nn.Linear(16, 4)]
    )
    model = nn.Sequential(*L)
    x, y = samples()
    for value in model:
        if isinstance(value, nn.Linear):
            nn.init.normal_(value.weight, 0, 0.01) if wrong else nn.init.xavier_normal_(value.weight, 5 / 3)
            nn.init.zeros_(value.bias)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), 0.1),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
