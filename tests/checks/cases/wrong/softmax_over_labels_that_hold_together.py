"""Softmax over labels that hold together.

What is wrong: The outputs go through a softmax and add up to 1, while several labels, or none,
hold for a sample.

Symptom on torch 2.13: no exception and no warning.

Repair: A sigmoid for each label.

Sources:
  https://github.com/tengshaofeng/ResidualAttentionNetwork-pytorch/issues/6
  https://github.com/Pilhyeon/BaSNet-pytorch/issues/19
  https://github.com/torchgeo/torchgeo/pull/791
"""

import torch
from torch import nn

CASE = {
    "id": "softmax_over_labels_that_hold_together",
    "family": "act_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The outputs go through a softmax and add up to 1, while several labels, or none, hold for a sample."
        ),
        "fix": "A sigmoid for each label.",
    },
    "source": [
        "https://github.com/tengshaofeng/ResidualAttentionNetwork-pytorch/issues/6",
        "https://github.com/Pilhyeon/BaSNet-pytorch/issues/19",
        "https://github.com/torchgeo/torchgeo/pull/791",
    ],
    "evidence": {"kind": "stuck", "steps": 120, "ratio": 0.5},
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def make(seed, wrong):
    torch.manual_seed(seed)
    x = torch.randn(60, 6)
    y = (x[:, :4] > 0).float()
    model = nn.Sequential(mlp(6, 4), nn.Softmax(1) if wrong else nn.Sigmoid())
    return {
        "model": model,
        "loss_fn": nn.BCELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
