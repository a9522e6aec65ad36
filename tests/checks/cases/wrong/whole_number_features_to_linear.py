"""Whole number features to linear.

What is wrong: The features are counts, an integer table turned into an int64 tensor; nn.Linear
multiplies with float32 weights.

Symptom on torch 2.13: raises RuntimeError saying 'must have the same dtype, but got Long and
Float'.

Repair: x = x.float().

Sources:
  https://github.com/pytorch/pytorch/issues/1757
  https://github.com/BindsNET/bindsnet/issues/201
  https://github.com/pytorch/pytorch/issues/105243
"""

import torch
from torch import nn

CASE = {
    "id": "whole_number_features_to_linear",
    "family": "dtype",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The features are counts, an integer table turned into an int64 tensor; nn.Linear "
            "multiplies with float32 weights."
        ),
        "fix": "x = x.float().",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/1757",
        "https://github.com/BindsNET/bindsnet/issues/201",
        "https://github.com/pytorch/pytorch/issues/105243",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "must have the same dtype, but got Long and Float",
        "stage": "forward",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    counts = torch.randint(0, 6, (60, 4))
    y = (counts[:, :1] > counts[:, 1:2]).float()
    x = counts.float() if mended else counts
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.BCEWithLogitsLoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
