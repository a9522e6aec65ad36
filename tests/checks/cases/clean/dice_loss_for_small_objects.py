"""Dice loss for small objects: a legitimate set-up.

Soft dice on sigmoid outputs: a ratio of sums over the whole batch, between 0 and 1, together with
the cross-entropy on the same scores.

Sources:
  https://github.com/pytorch/pytorch/issues/1249
  https://github.com/MIC-DKFZ/nnUNet/issues/108
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "dice_loss_for_small_objects",
    "family": "loss",
    "note": (
        "Soft dice on sigmoid outputs: a ratio of sums over the whole batch, between 0 and 1, "
        "together with the cross-entropy on the same scores."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/issues/1249",
        "https://github.com/MIC-DKFZ/nnUNet/issues/108",
    ],
}


def dice_and_cross_entropy(scores, mask):
    share = scores.sigmoid()
    overlap = 2 * (share * mask).sum() + 1
    return F.binary_cross_entropy_with_logits(scores, mask) + 1 - overlap / (share.sum() + mask.sum() + 1)


def build(seed=0):
    torch.manual_seed(seed)
    image = torch.randn(10, 1, 12, 12) * 0.3
    mask = torch.zeros(10, 1, 12, 12)
    for number in range(10):
        row, column = torch.randint(0, 9, (2,)).tolist()
        mask[number, 0, row : row + 3, column : column + 3] = 1
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 1)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": dice_and_cross_entropy, "optimizer": optimizer, "batch": (image + mask, mask)}
