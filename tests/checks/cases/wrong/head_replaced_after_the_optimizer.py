"""Head replaced after the optimizer.

What is wrong: The head is exchanged for one with the right number of classes after the optimizer
was built: the optimizer still holds the old head, the new one never moves.

Symptom on torch 2.13: no exception and no warning.

Repair: Replace model.head first, then build the optimizer.

Sources:
  https://github.com/zjunlp/HVPNeT/issues/5
  https://github.com/ifzhang/FairMOT/issues/125
  https://github.com/pytorch/tutorials/pull/57
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "head_replaced_after_the_optimizer",
    "family": "optim_params",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The head is exchanged for one with the right number of classes after the optimizer was "
            "built: the optimizer still holds the old head, the new one never moves."
        ),
        "fix": "Replace model.head first, then build the optimizer.",
    },
    "source": [
        "https://github.com/zjunlp/HVPNeT/issues/5",
        "https://github.com/ifzhang/FairMOT/issues/125",
        "https://github.com/pytorch/tutorials/pull/57",
    ],
    "evidence": {
        "kind": "frozen",
        "params": ["head.weight", "head.bias"],
        "steps": 6,
    },
}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(7, 24), nn.ReLU())
        self.head = nn.Linear(24, 10)

    def forward(self, x):
        return self.head(self.body(x))


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 7) + 2 * F.one_hot(labels, 7)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    model.head = nn.Linear(24, 3)
    if mended:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
