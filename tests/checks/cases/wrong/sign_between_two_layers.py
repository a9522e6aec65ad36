"""Sign between two layers.

What is wrong: torch.sign between two layers has a derivative of zero: the first layer stays as it
was drawn.

Symptom on torch 2.13: no exception and no warning.

Repair: tanh, or a straight-through estimator.

Sources:
  https://github.com/Hiyuur/SR-TOD/issues/5
"""

import torch
from torch import nn

CASE = {
    "id": "sign_between_two_layers",
    "family": "graph",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": ("torch.sign between two layers has a derivative of zero: the first layer stays as it was drawn."),
        "fix": "tanh, or a straight-through estimator.",
    },
    "source": ["https://github.com/Hiyuur/SR-TOD/issues/5"],
    "evidence": {"kind": "frozen", "params": ["a.weight", "a.bias"], "steps": 5},
}


def make(seed, wrong):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = (nn.Linear(5, 16), nn.Linear(16, 1))

        def forward(self, x):
            hidden = self.a(x)
            return self.b(torch.sign(hidden) if wrong else torch.tanh(hidden))

    x = torch.randn(60, 5)
    model = Net()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x[:, :1]),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
