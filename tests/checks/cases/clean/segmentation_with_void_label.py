"""Segmentation with void label: a legitimate set-up.

Pixel classes 0..2 with 255 for void borders, which the loss ignores: the label 255 is out of range
and right.

Sources:
  https://github.com/pytorch/pytorch/issues/15508
  https://github.com/milesial/Pytorch-UNet/issues/291
"""

import torch
from torch import nn

CASE = {
    "id": "segmentation_with_void_label",
    "family": "targets",
    "note": (
        "Pixel classes 0..2 with 255 for void borders, which the loss ignores: the label 255 is out of range and right."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/issues/15508",
        "https://github.com/milesial/Pytorch-UNet/issues/291",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    image = torch.rand(8, 1, 12, 12)
    classes = (image[:, 0] * 3).long().clamp(max=2)
    classes[:, 0], classes[:, -1] = 255, 255
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(inplace=True), nn.Conv2d(12, 3, 1)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    loss_fn = nn.CrossEntropyLoss(ignore_index=255)
    return {"model": model, "loss_fn": loss_fn, "optimizer": optimizer, "batch": (image, classes)}
