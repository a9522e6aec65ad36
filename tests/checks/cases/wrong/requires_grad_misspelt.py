"""Requires grad misspelt.

What is wrong: parameter.require_grad = False sets an attribute that nobody reads: the layers
meant to be frozen are not.

Symptom on torch 2.13: no exception and no warning.

Repair: parameter.requires_grad = False.

Sources:
  https://github.com/udacity/deep-learning-v2-pytorch/issues/12
  https://github.com/SvenBecker/vscode-pytorch/issues/8
"""

import torch
from torch import nn

CASE = {
    "id": "requires_grad_misspelt",
    "family": "freezing",
    "symptom": "silent",
    "severity": "medium",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "parameter.require_grad = False sets an attribute that nobody reads: the layers meant to be frozen are not."
        ),
        "fix": "parameter.requires_grad = False.",
    },
    "source": [
        "https://github.com/udacity/deep-learning-v2-pytorch/issues/12",
        "https://github.com/SvenBecker/vscode-pytorch/issues/8",
    ],
    "evidence": {"kind": "custom"},
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def make(seed, wrong):
    torch.manual_seed(seed)
    model = mlp(6, 4)
    x, y = samples()
    for each in model[0].parameters():
        if wrong:
            each.require_grad = False
        else:
            each.requires_grad = False
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model[2].parameters(), 0.01),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)


def evidence():
    frozen = [
        not any(parameter.requires_grad for parameter in setup()["model"][0].parameters()) for setup in (build, fixed)
    ]
    return frozen == [False, True], f"frozen as found: {frozen[0]}, mended: {frozen[1]}"
