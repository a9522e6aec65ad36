"""Prices scaled inside the loss: a legitimate set-up.

Raw targets around 20,000, and a network that answers in standard units: the loss scales the target
with the mean and spread of the training set, y itself stays raw.

Sources:
  https://github.com/sktime/pytorch-forecasting/issues/410
  https://github.com/gitbooo/CrossViVit/issues/5
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "prices_scaled_inside_the_loss",
    "family": "scale",
    "note": (
        "Raw targets around 20,000, and a network that answers in standard units: the loss scales "
        "the target with the mean and spread of the training set, y itself stays raw."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/sktime/pytorch-forecasting/issues/410",
        "https://github.com/gitbooo/CrossViVit/issues/5",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(90, 4)
    price = 20_000 + 6_000 * (x[:, :1] - 0.5 * x[:, 1:2])
    middle, spread = price.mean(), price.std()
    model = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 1))
    return {
        "model": model,
        "loss_fn": lambda output, target: F.smooth_l1_loss(output, (target - middle) / spread),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, price),
    }
