"""Dropout given the share to keep.

What is wrong: nn.Dropout(0.95) in a port from TensorFlow 1, where the number was the share to keep:
95 % of the activations are dropped and the rest multiplied by 20.

Symptom on torch 2.13: no exception and no warning.

Repair: nn.Dropout(0.05).

Sources:
  https://github.com/hassony2/kinetics_i3d_pytorch/issues/6
  https://github.com/piergiaj/pytorch-i3d/issues/58
  https://github.com/kbreininger/tutorial-dlframework/pull/3
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "dropout_given_the_share_to_keep",
    "family": "mode",
    "symptom": "silent",
    "severity": "medium",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "nn.Dropout(0.95) in a port from TensorFlow 1, where the number was the share to keep: 95 "
            "% of the activations are dropped and the rest multiplied by 20."
        ),
        "fix": "nn.Dropout(0.05).",
    },
    "source": [
        "https://github.com/hassony2/kinetics_i3d_pytorch/issues/6",
        "https://github.com/piergiaj/pytorch-i3d/issues/58",
        "https://github.com/kbreininger/tutorial-dlframework/pull/3",
    ],
    "evidence": {
        "kind": "score",
        "margin": 0.25,
        "steps": 120,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(100) % 5
    x = torch.randn(100, 8) + 2 * F.one_hot(labels, 8)
    drop = 0.05 if mended else 0.95
    model = nn.Sequential(
        nn.Linear(8, 40), nn.ReLU(), nn.Dropout(drop), nn.Linear(40, 40), nn.ReLU(), nn.Dropout(drop), nn.Linear(40, 5)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    x, labels = setup["batch"]
    with torch.no_grad():
        return sum(setup["loss_fn"](setup["model"](x), labels).item() for _ in range(20)) / 20
