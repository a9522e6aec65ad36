"""Mask of another size than the scores.

What is wrong: The network halves the image, and the mask has its full size.

Symptom on torch 2.13: an exception.

Repair: A network that keeps the size, or F.interpolate(output, size=mask.shape[1:]).

Sources:
  https://github.com/ugent-korea/pytorch-unet-segmentation/issues/19
  https://github.com/CSAILVision/semantic-segmentation-pytorch/issues/66
"""

import torch
from torch import nn

CASE = {
    "id": "mask_of_another_size_than_the_scores",
    "family": "shape",
    "symptom": "raises",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": "The network halves the image, and the mask has its full size.",
        "fix": "A network that keeps the size, or F.interpolate(output, size=mask.shape[1:]).",
    },
    "source": [
        "https://github.com/ugent-korea/pytorch-unet-segmentation/issues/19",
        "https://github.com/CSAILVision/semantic-segmentation-pytorch/issues/66",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "[4, 16, 16]",
        "at_step": 0,
    },
    "fall": 0.05,
}


def make(seed, wrong):
    torch.manual_seed(seed)
    x = torch.randn(4, 3, 16, 16)
    y = (x.mean(1) > 0).long()
    model = nn.Conv2d(3, 2, 3, 2 if wrong else 1, 1)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
