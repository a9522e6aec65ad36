"""Byte images into a convolution.

What is wrong: Images are uint8, as they were read; Conv2d's weights are float32.

Symptom on torch 2.13: raises RuntimeError saying 'Input type (unsigned char) and bias type (float)
should be the same'.

Repair: x = x.float() / 255.

Sources:
  https://github.com/pytorch/pytorch/issues/2458
  https://github.com/pytorch/pytorch/issues/14186
  https://github.com/pytorch/pytorch/issues/882
"""

import torch
from torch import nn

CASE = {
    "id": "byte_images_into_a_convolution",
    "family": "dtype",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": "Images are uint8, as they were read; Conv2d's weights are float32.",
        "fix": "x = x.float() / 255.",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/2458",
        "https://github.com/pytorch/pytorch/issues/14186",
        "https://github.com/pytorch/pytorch/issues/882",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "Input type (unsigned char) and bias type (float) should be the same",
        "stage": "forward",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(30) % 3
    images = torch.randint(0, 100, (30, 1, 9, 9), dtype=torch.uint8)
    for number, label in enumerate(labels.tolist()):
        images[number, :, 3 * label : 3 * label + 3] += 120
    if mended:
        images = images.float() / 255
    model = nn.Sequential(nn.Conv2d(1, 6, 3, stride=3), nn.ReLU(), nn.Flatten(), nn.Linear(54, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (images, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
