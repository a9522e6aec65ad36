"""Outputs made anew from numbers.

What is wrong: torch.tensor(output.tolist(), requires_grad=True) makes a new tensor without
history: backward() runs and reaches no parameter.

Symptom on torch 2.13: no exception and no warning.

Repair: Give the output itself to the loss.

Sources:
  https://github.com/pytorch/pytorch/issues/1760
  https://github.com/speechbrain/speechbrain/issues/735
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "outputs_made_anew_from_numbers",
    "family": "graph",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "torch.tensor(output.tolist(), requires_grad=True) makes a new tensor without "
            "history: backward() runs and reaches no parameter."
        ),
        "fix": "Give the output itself to the loss.",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/1760",
        "https://github.com/speechbrain/speechbrain/issues/735",
    ],
    "evidence": {"kind": "frozen", "params": "all", "steps": 5},
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def make(seed, wrong):
    torch.manual_seed(seed)
    x, y = samples()
    model = mlp(6, 4)

    def loss(out, t):
        if wrong:
            out = torch.tensor(out.tolist(), requires_grad=True)
        return F.cross_entropy(out, t)

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
