"""Mean and variance heads: a legitimate set-up.

Heteroscedastic regression: the second head passes through softplus and is the variance; the loss
falls below zero where the noise is small.

Sources:
  https://github.com/pytorch/pytorch/issues/48520
  https://github.com/jwchoi384/Gaussian_YOLOv3/issues/19
  https://github.com/roggirg/AutoBots/issues/7
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "mean_and_variance_heads",
    "family": "loss",
    "note": (
        "Heteroscedastic regression: the second head passes through softplus and is the variance; "
        "the loss falls below zero where the noise is small."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/issues/48520",
        "https://github.com/jwchoi384/Gaussian_YOLOv3/issues/19",
        "https://github.com/roggirg/AutoBots/issues/7",
    ],
}


class Spread(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.heads = nn.Linear(1, 32), nn.Linear(32, 2)

    def forward(self, x):
        mean, raw = self.heads(torch.tanh(self.body(x))).chunk(2, dim=1)
        return mean, F.softplus(raw) + 1e-4


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.linspace(-1, 1, 120).unsqueeze(1)
    y = 0.5 * x + 0.02 * (1.2 + x) * torch.randn(120, 1)
    nll = nn.GaussianNLLLoss()
    model = Spread()
    return {
        "model": model,
        "loss_fn": lambda output, target: nll(output[0], target, output[1]),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
    }
