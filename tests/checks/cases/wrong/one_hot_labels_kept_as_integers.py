"""One hot labels kept as integers.

What is wrong: One-hot labels straight from F.one_hot are int64. Of the logits' shape they are taken
for class probabilities, which have to be floating point.

Symptom on torch 2.13: raises RuntimeError saying 'Expected floating point type for target with
class probabilities, got Long'.

Repair: Give the class numbers themselves, or one_hot.float().

Sources:
  https://github.com/deepset-ai/FARM/issues/100
  https://github.com/pytorch/pytorch/issues/1258
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "one_hot_labels_kept_as_integers",
    "family": "dtype",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "One-hot labels straight from F.one_hot are int64. Of the logits' shape they are taken "
            "for class probabilities, which have to be floating point."
        ),
        "fix": "Give the class numbers themselves, or one_hot.float().",
    },
    "source": [
        "https://github.com/deepset-ai/FARM/issues/100",
        "https://github.com/pytorch/pytorch/issues/1258",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": ("Expected floating point type for target with class probabilities, got Long"),
        "stage": "loss",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(48) % 4
    x = torch.randn(48, 4) + 3 * F.one_hot(labels, 4)
    y = labels if mended else F.one_hot(labels, 4)
    model = nn.Linear(4, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
