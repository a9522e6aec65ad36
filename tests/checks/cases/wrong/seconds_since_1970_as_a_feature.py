"""Seconds since 1970 as a feature.

What is wrong: One column holds time stamps of 1.7 billion: the scores, the loss and the gradients
are as large.

Symptom on torch 2.13: no exception and no warning.

Repair: Standardise the column.

Sources:
  https://stats.stackexchange.com/questions/352036/what-should-i-do-when-my-neural-network-doesnt-learn
"""

import torch
from torch import nn

CASE = {
    "id": "seconds_since_1970_as_a_feature",
    "family": "scale",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": ("One column holds time stamps of 1.7 billion: the scores, the loss and the gradients are as large."),
        "fix": "Standardise the column.",
    },
    "source": ["https://stats.stackexchange.com/questions/352036/what-should-i-do-when-my-neural-network-doesnt-learn"],
    "evidence": {"kind": "score", "steps": 40, "margin": 1.0},
    "fall": 0.05,
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def make(seed, wrong):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    x[:, 3] = 1700000000.0 + torch.arange(64.0) * 3600
    y = (x[:, :1] > 0).float()
    x = x if wrong else torch.cat([x[:, :3], (x[:, 3:] - x[:, 3:].mean()) / x[:, 3:].std()], 1)
    model = mlp(4, 1)
    return {
        "model": model,
        "loss_fn": nn.BCEWithLogitsLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)


def score(setup):
    with torch.no_grad():
        return setup["loss_fn"](setup["model"](setup["batch"][0]), setup["batch"][1]).item()
