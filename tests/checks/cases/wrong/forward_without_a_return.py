"""Forward without a return.

What is wrong: forward ends without a return: the network gives None.

Symptom on torch 2.13: an exception.

Repair: return output.

Sources:
  https://github.com/pytorch/pytorch/issues/12436
"""

import torch
from torch import nn

CASE = {
    "id": "forward_without_a_return",
    "family": "shape",
    "symptom": "raises",
    "severity": "low",
    "needs_steps": 0,
    "expected": {
        "cause": "forward ends without a return: the network gives None.",
        "fix": "return output.",
    },
    "source": ["https://github.com/pytorch/pytorch/issues/12436"],
    "evidence": {
        "kind": "raises",
        "exc": "AttributeError",
        "match": "'NoneType' object has no attribute",
        "at_step": 0,
    },
    "steps": 200,
    "fall": 0.05,
}


def make(seed, wrong):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.l = nn.Linear(4, 1)

        def forward(self, x):
            out = self.l(x)
            if not wrong:
                return out

    model = Net()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (torch.randn(9, 4), torch.randn(9, 1)),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
