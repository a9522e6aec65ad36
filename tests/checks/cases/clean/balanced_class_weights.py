"""Balanced class weights: a legitimate set-up.

Ten to one: a weight for each of the three classes, the rare one's is large, the loss is a weighted
mean.

Sources:
  https://github.com/open-mmlab/mmdetection/issues/8668
  https://github.com/imranulashrafi/banner/issues/2
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "balanced_class_weights",
    "family": "targets",
    "note": (
        "Ten to one: a weight for each of the three classes, the rare one's is large, the loss is a weighted mean."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/open-mmlab/mmdetection/issues/8668",
        "https://github.com/imranulashrafi/banner/issues/2",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.tensor([0] * 100 + [1] * 50 + [2] * 10)
    x = torch.randn(160, 5) + 1.5 * F.one_hot(labels, 5)
    weight = len(labels) / (3 * torch.bincount(labels))
    model = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(weight=weight), "optimizer": optimizer, "batch": (x, labels)}
