"""Forward under another name.

What is wrong: The method is called foward: the class has no forward.

Symptom on torch 2.13: an exception.

Repair: def forward(self, x).

Sources:
  https://pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

import torch
from torch import nn

CASE = {
    "id": "forward_under_another_name",
    "family": "shape",
    "symptom": "raises",
    "severity": "low",
    "needs_steps": 0,
    "expected": {
        "cause": "The method is called foward: the class has no forward.",
        "fix": "def forward(self, x).",
    },
    "source": ["https://pytorch.org/docs/stable/generated/torch.nn.Module.html"],
    "evidence": {"kind": "raises", "exc": "NotImplementedError", "match": "missing the required", "at_step": 0},
}


def make(seed, wrong):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.l = nn.Linear(4, 1)

    def f(self, x):
        return self.l(x)

    setattr(Net, "foward" if wrong else "forward", f)
    model = Net()
    x = torch.randn(20, 4)
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
