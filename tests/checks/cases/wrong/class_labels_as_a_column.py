"""Class labels as a column.

What is wrong: The class labels have shape (N, 1), as a data frame's column gives them;
CrossEntropyLoss wants (N,).

Symptom on torch 2.13: raises RuntimeError saying '0D or 1D target tensor expected, multi-target not
supported'.

Repair: y = y.squeeze(1).

Sources:
  https://github.com/pytorch/pytorch/issues/3670
  https://github.com/pytorch/pytorch/issues/56542
  https://github.com/Vidhiwar/multimodule-ecg-classification/issues/4
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "class_labels_as_a_column",
    "family": "shape",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The class labels have shape (N, 1), as a data frame's column gives them; CrossEntropyLoss wants (N,)."
        ),
        "fix": "y = y.squeeze(1).",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/3670",
        "https://github.com/pytorch/pytorch/issues/56542",
        "https://github.com/Vidhiwar/multimodule-ecg-classification/issues/4",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "0D or 1D target tensor expected, multi-target not supported",
        "stage": "loss",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = (torch.arange(50) % 5).unsqueeze(1)
    x = torch.randn(50, 5) + 3 * F.one_hot(labels.squeeze(1), 5)
    if mended:
        labels = labels.squeeze(1)
    model = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
