"""Nll on raw scores.

What is wrong: NLLLoss on the output of a Linear layer with no log-softmax between: the loss is
minus the raw score of the right class and falls without bound.

Symptom on torch 2.13: no exception and no warning.

Repair: Use nn.CrossEntropyLoss on the raw scores, or put nn.LogSoftmax(dim=1) last.

Sources:
  https://github.com/pytorch/pytorch/pull/12703
  https://github.com/AnubhavGupta3377/Text-Classification-Models-Pytorch/issues/9
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "nll_on_raw_scores",
    "family": "act_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "NLLLoss on the output of a Linear layer with no log-softmax between: the loss is minus "
            "the raw score of the right class and falls without bound."
        ),
        "fix": ("Use nn.CrossEntropyLoss on the raw scores, or put nn.LogSoftmax(dim=1) last."),
    },
    "source": [
        "https://github.com/pytorch/pytorch/pull/12703",
        "https://github.com/AnubhavGupta3377/Text-Classification-Models-Pytorch/issues/9",
    ],
    "evidence": {
        "kind": "negative_loss",
        "steps": 40,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(45) % 3
    x = torch.randn(45, 5) + 2 * F.one_hot(labels, 5)
    model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 3))
    loss_fn = nn.CrossEntropyLoss() if mended else nn.NLLLoss()
    return {
        "model": model,
        "loss_fn": loss_fn,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "batch": (x, labels),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
