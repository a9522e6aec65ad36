"""Class weights for too few classes.

What is wrong: The class weights are counted from the labels at hand, in which one class does not
occur: three weights for a network with four scores.

Symptom on torch 2.13: raises RuntimeError saying 'weight tensor should be defined either for all 4
classes or no classes'.

Repair: torch.bincount(y, minlength=4), so that there is a weight for every score.

Sources:
  https://github.com/andreagemelli/doc2graph/issues/18
  https://github.com/ispamm/MHyEEG/issues/3
  https://github.com/imranulashrafi/banner/issues/2
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "class_weights_for_too_few_classes",
    "family": "shape",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The class weights are counted from the labels at hand, in which one class does not "
            "occur: three weights for a network with four scores."
        ),
        "fix": ("torch.bincount(y, minlength=4), so that there is a weight for every score."),
    },
    "source": [
        "https://github.com/andreagemelli/doc2graph/issues/18",
        "https://github.com/ispamm/MHyEEG/issues/3",
        "https://github.com/imranulashrafi/banner/issues/2",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "weight tensor should be defined either for all 4 classes or no classes",
        "stage": "loss",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    counts = torch.bincount(labels, minlength=4 if mended else 0)
    weight = len(labels) / (3 * counts.clamp(min=1))
    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 4))
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(weight=weight),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, labels),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
