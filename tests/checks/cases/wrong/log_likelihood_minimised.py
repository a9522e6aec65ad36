"""Log likelihood minimised.

What is wrong: The loss returns the mean log-probability of the labels, without the minus: the
optimizer makes the labels ever less likely and the loss runs off below zero.

Symptom on torch 2.13: no exception and no warning.

Repair: return -distribution.log_prob(target).mean().

Sources:
  https://github.com/kmkurn/pytorch-crf/issues/27
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "log_likelihood_minimised",
    "family": "rare_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The loss returns the mean log-probability of the labels, without the minus: the "
            "optimizer makes the labels ever less likely and the loss runs off below zero."
        ),
        "fix": "return -distribution.log_prob(target).mean().",
    },
    "source": ["https://github.com/kmkurn/pytorch-crf/issues/27"],
    "evidence": {
        "kind": "negative_loss",
        "steps": 40,
    },
}


def likelihood(scores, labels):
    return torch.distributions.Categorical(logits=scores).log_prob(labels).mean()


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 5) + 2 * F.one_hot(labels, 5)
    model = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 3))
    return {
        "model": model,
        "loss_fn": (lambda scores, labels: -likelihood(scores, labels)) if mended else likelihood,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, labels),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
