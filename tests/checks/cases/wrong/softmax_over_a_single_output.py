"""Softmax over a single output.

What is wrong: A softmax over one output is 1 whatever the score: the loss is constant and every
gradient exactly zero.

Symptom on torch 2.13: no exception and no warning.

Repair: nn.Sigmoid() in place of the softmax, or BCEWithLogitsLoss on the raw score.

Sources:
  https://github.com/vllm-project/vllm/pull/18313
  https://github.com/marian-nmt/marian-dev/issues/21
"""

import torch
from torch import nn

CASE = {
    "id": "softmax_over_a_single_output",
    "family": "act_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "A softmax over one output is 1 whatever the score: the loss is constant and every gradient exactly zero."
        ),
        "fix": ("nn.Sigmoid() in place of the softmax, or BCEWithLogitsLoss on the raw score."),
    },
    "source": [
        "https://github.com/vllm-project/vllm/pull/18313",
        "https://github.com/marian-nmt/marian-dev/issues/21",
    ],
    "evidence": {
        "kind": "frozen",
        "params": "all",
        "steps": 6,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(60, 4)
    y = (x[:, :1] + x[:, 1:2] > 0).float()
    last = nn.Sigmoid() if mended else nn.Softmax(dim=1)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), last)
    return {
        "model": model,
        "loss_fn": nn.BCELoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.5),
        "batch": (x, y),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
