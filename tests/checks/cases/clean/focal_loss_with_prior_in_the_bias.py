"""Focal loss with prior in the bias: a legitimate set-up.

One positive in twenty: the last bias starts at the log-odds of the prior, the focal factor uses
sigmoid on the side of binary_cross_entropy_with_logits, which is no double sigmoid.

Sources:
  https://github.com/open-mmlab/mmdetection/issues/1825
  https://github.com/princeton-vl/CornerNet/issues/13
  https://github.com/facebookresearch/fvcore/issues/126
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "focal_loss_with_prior_in_the_bias",
    "family": "init_act",
    "note": (
        "One positive in twenty: the last bias starts at the log-odds of the prior, the focal "
        "factor uses sigmoid on the side of binary_cross_entropy_with_logits, which is no double "
        "sigmoid."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/open-mmlab/mmdetection/issues/1825",
        "https://github.com/princeton-vl/CornerNet/issues/13",
        "https://github.com/facebookresearch/fvcore/issues/126",
    ],
}


def focal(scores, target):
    each = F.binary_cross_entropy_with_logits(scores, target, reduction="none")
    right = torch.where(target == 1, scores.sigmoid(), 1 - scores.sigmoid())
    return ((1 - right) ** 2 * each).sum() / target.sum()


def build(seed=0):
    torch.manual_seed(seed)
    y = (torch.arange(400) % 20 == 0).float().unsqueeze(1)
    x = torch.randn(400, 6) + 2 * y
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
    nn.init.constant_(model[2].bias, math.log(0.05 / 0.95))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": focal, "optimizer": optimizer, "batch": (x, y)}
