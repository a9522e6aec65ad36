"""Log softmax over the batch.

What is wrong: log_softmax runs over dim 0, the samples, not over the classes: samples compete with
each other and no row is a distribution.

Symptom on torch 2.13: no exception and no warning.

Repair: F.log_softmax(scores, dim=1).

Sources:
  https://github.com/perone/euclidesdb/issues/2
  https://github.com/Lackel/DPN/issues/1
  https://github.com/MicrosoftDocs/pytorchfundamentals/pull/21
  https://github.com/pytorch/pytorch/pull/37399
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "log_softmax_over_the_batch",
    "family": "layout",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "log_softmax runs over dim 0, the samples, not over the classes: samples compete with "
            "each other and no row is a distribution."
        ),
        "fix": "F.log_softmax(scores, dim=1).",
    },
    "source": [
        "https://github.com/perone/euclidesdb/issues/2",
        "https://github.com/Lackel/DPN/issues/1",
        "https://github.com/MicrosoftDocs/pytorchfundamentals/pull/21",
        "https://github.com/pytorch/pytorch/pull/37399",
    ],
    "evidence": {
        "kind": "leak",
    },
}


class Net(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim
        self.hidden, self.out = nn.Linear(6, 24), nn.Linear(24, 3)

    def forward(self, x):
        return F.log_softmax(self.out(torch.relu(self.hidden(x))), dim=self.dim)


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(48) % 3
    x = torch.randn(48, 6) + 2 * F.one_hot(labels, 6)
    model = Net(dim=1 if mended else 0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.NLLLoss(), "optimizer": optimizer, "batch": (x, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
