"""Nll on softmax probabilities.

What is wrong: NLLLoss gets probabilities from nn.Softmax; it needs log-probabilities. The loss is
minus the mean probability, between -1 and 0.

Symptom on torch 2.13: no exception and no warning.

Repair: End the network with nn.LogSoftmax(dim=1), or drop it and use nn.CrossEntropyLoss.

Sources:
  https://github.com/AnubhavGupta3377/Text-Classification-Models-Pytorch/issues/9
  https://github.com/clvrai/ACGAN-PyTorch/pull/4
  https://github.com/pandeykartikey/Hierarchical-Attention-Network/issues/3
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "nll_on_softmax_probabilities",
    "family": "act_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "NLLLoss gets probabilities from nn.Softmax; it needs log-probabilities. The loss is "
            "minus the mean probability, between -1 and 0."
        ),
        "fix": ("End the network with nn.LogSoftmax(dim=1), or drop it and use nn.CrossEntropyLoss."),
    },
    "source": [
        "https://github.com/AnubhavGupta3377/Text-Classification-Models-Pytorch/issues/9",
        "https://github.com/clvrai/ACGAN-PyTorch/pull/4",
        "https://github.com/pandeykartikey/Hierarchical-Attention-Network/issues/3",
    ],
    "evidence": {
        "kind": "negative_loss",
        "steps": 20,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(72) % 4
    x = torch.randn(72, 6) + 2 * F.one_hot(labels, 6)
    last = nn.LogSoftmax(dim=1) if mended else nn.Softmax(dim=1)
    model = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 4), last)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.NLLLoss(), "optimizer": optimizer, "batch": (x, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
