"""Labels counted from one.

What is wrong: The classes are numbered 1 to 3, as people count; CrossEntropyLoss on three scores
knows 0, 1 and 2.

Symptom on torch 2.13: raises IndexError saying 'Target 3 is out of bounds'.

Repair: y = y - 1.

Sources:
  https://github.com/pytorch/pytorch/issues/15666
  https://github.com/EricFillion/happy-transformer/issues/248
  https://github.com/anheidelonghu/ACNet/issues/14
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "labels_counted_from_one",
    "family": "labels",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The classes are numbered 1 to 3, as people count; CrossEntropyLoss on three scores knows 0, 1 and 2."
        ),
        "fix": "y = y - 1.",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/15666",
        "https://github.com/EricFillion/happy-transformer/issues/248",
        "https://github.com/anheidelonghu/ACNet/issues/14",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "IndexError",
        "match": "Target 3 is out of bounds",
        "stage": "loss",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    stars = torch.arange(60) % 3 + 1
    x = torch.randn(60, 5) + 2 * F.one_hot(stars, 5)
    model = nn.Sequential(nn.Linear(5, 20), nn.Tanh(), nn.Linear(20, 3))
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, stars - 1 if mended else stars),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
