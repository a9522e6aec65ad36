"""Images with channels last.

What is wrong: Images come as numpy has them, (batch, height, width, channel); Conv2d wants (batch,
channel, height, width).

Symptom on torch 2.13: raises RuntimeError saying 'to have 3 channels, but got 10 channels instead'.

Repair: x = x.permute(0, 3, 1, 2).

Sources:
  https://github.com/LeeJunHyun/Image_Segmentation/issues/29
  https://github.com/pytorch/pytorch/issues/23019
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "images_with_channels_last",
    "family": "shape",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "Images come as numpy has them, (batch, height, width, channel); Conv2d wants (batch, "
            "channel, height, width)."
        ),
        "fix": "x = x.permute(0, 3, 1, 2).",
    },
    "source": [
        "https://github.com/LeeJunHyun/Image_Segmentation/issues/29",
        "https://github.com/pytorch/pytorch/issues/23019",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "to have 3 channels, but got 10 channels instead",
        "stage": "forward",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(18) % 3
    images = torch.rand(18, 10, 10, 3) + F.one_hot(labels, 3).view(18, 1, 1, 3)
    if mended:
        images = images.permute(0, 3, 1, 2)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (images, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
