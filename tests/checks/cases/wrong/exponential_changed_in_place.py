"""Exponential changed in place.

What is wrong: hidden += 1 overwrites the output of exp, which its derivative is computed from.

Symptom on torch 2.13: an exception.

Repair: hidden = hidden + 1.

Sources:
  https://discuss.pytorch.org/t/when-would-the-error-one-of-the-variables-needed-for-gradient-computation-has-been-modified-occur/11976
"""

import torch
from torch import nn

CASE = {
    "id": "exponential_changed_in_place",
    "family": "graph",
    "symptom": "raises",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": "hidden += 1 overwrites the output of exp, which its derivative is computed from.",
        "fix": "hidden = hidden + 1.",
    },
    "source": [
        "https://discuss.pytorch.org/t/when-would-the-error-one-of-the-variables-needed-for-gradient-computation-has-been-modified-occur/11976"
    ],
    "evidence": {"kind": "raises", "exc": "RuntimeError", "match": "modified by an inplace operation", "at_step": 0},
}


def make(seed, wrong):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.n = nn.Linear(4, 3)

        def forward(self, x):
            hidden = torch.exp(self.n(x))
            if wrong:
                hidden += 1
            else:
                hidden = hidden + 1
            return torch.log(hidden)

    x = torch.randn(20, 4)
    model = Net()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x[:, :3].abs()),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
