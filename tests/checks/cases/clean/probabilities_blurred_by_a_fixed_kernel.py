"""Probabilities blurred by a fixed kernel: a legitimate set-up.

The sigmoid's probabilities are averaged by a convolution with a fixed kernel, and stay between
0 and 1.

Sources:
  https://arxiv.org/abs/1904.11486
"""

import torch
from torch import nn

CASE = {
    "id": "probabilities_blurred_by_a_fixed_kernel",
    "family": "loss",
    "note": (
        "The sigmoid's probabilities are averaged by a convolution with a fixed kernel, and stay between 0 and 1."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1904.11486"],
}


class Blurred(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1))
        self.register_buffer("kernel", torch.full((1, 1, 3, 3), 1 / 9))

    def forward(self, x):
        return nn.functional.conv2d(self.layers(x).sigmoid(), self.kernel, padding=1)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(8, 1, 8, 8)
    y = (nn.functional.avg_pool2d(x, 3, 1, 1) > 0).float()
    model = Blurred()
    return {
        "model": model,
        "loss_fn": nn.BCELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
        "train_step": None,
    }
