"""Flatten with a guessed size.

What is wrong: forward() flattens with view(-1, 32) where each sample has 64 values: -1 falls on the
batch axis and the batch comes out twice as long.

Symptom on torch 2.13: raises ValueError saying 'Expected input batch_size (32) to match target
batch_size (16)'.

Repair: x = x.flatten(1), and nn.Linear(64, ...).

Sources:
  https://github.com/qijiezhao/pseudo-3d-pytorch/issues/28
  https://github.com/uoguelph-mlrg/Cutout/issues/16
  https://github.com/weka511/hpa-scc/issues/38
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "flatten_with_a_guessed_size",
    "family": "shape",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "forward() flattens with view(-1, 32) where each sample has 64 values: -1 falls on the "
            "batch axis and the batch comes out twice as long."
        ),
        "fix": "x = x.flatten(1), and nn.Linear(64, ...).",
    },
    "source": [
        "https://github.com/qijiezhao/pseudo-3d-pytorch/issues/28",
        "https://github.com/uoguelph-mlrg/Cutout/issues/16",
        "https://github.com/weka511/hpa-scc/issues/38",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "ValueError",
        "match": "Expected input batch_size (32) to match target batch_size (16)",
        "stage": "loss",
    },
}


class Cnn(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.conv, self.out = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(width, 2)

    def forward(self, image):
        maps = F.max_pool2d(torch.relu(self.conv(image)), 2)
        return self.out(maps.view(-1, self.width))


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(16) % 2
    images = torch.randn(16, 1, 8, 8) + labels.view(-1, 1, 1, 1)
    model = Cnn(64 if mended else 32)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (images, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
