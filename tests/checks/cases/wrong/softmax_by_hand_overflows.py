"""Softmax by hand overflows.

What is wrong: Softmax written out as exp(z) / sum(exp(z)): a score above 88 overflows to inf, inf /
inf is NaN.

Symptom on torch 2.13: no exception and no warning.

Repair: torch.log_softmax(z, dim=1), which subtracts the maximum first.

Sources:
  https://github.com/uTensor/uTensor/issues/175
  https://github.com/mlberkeley/scae-pytorch/pull/4
  https://github.com/zackchase/mxnet-the-straight-dope/issues/3
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "softmax_by_hand_overflows",
    "family": "numerics",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": ("Softmax written out as exp(z) / sum(exp(z)): a score above 88 overflows to inf, inf / inf is NaN."),
        "fix": "torch.log_softmax(z, dim=1), which subtracts the maximum first.",
    },
    "source": [
        "https://github.com/uTensor/uTensor/issues/175",
        "https://github.com/mlberkeley/scae-pytorch/pull/4",
        "https://github.com/zackchase/mxnet-the-straight-dope/issues/3",
    ],
    "evidence": {
        "kind": "nan",
        "steps": 2,
    },
}


def by_hand(scores, labels):
    weights = scores.exp()
    shares = weights / weights.sum(1, keepdim=True)
    return -shares.gather(1, labels.unsqueeze(1)).log().mean()


def built_in(scores, labels):
    return -scores.log_softmax(1).gather(1, labels.unsqueeze(1)).mean()


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(40) % 4
    x = 60 * (torch.randn(40, 4) + 2 * F.one_hot(labels, 4))
    model = nn.Linear(4, 4)
    return {
        "model": model,
        "loss_fn": built_in if mended else by_hand,
        "optimizer": torch.optim.SGD(model.parameters(), lr=1e-3),
        "batch": (x, labels),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
