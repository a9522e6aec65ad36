"""Outputs clamped between zero and ten: a legitimate set-up.

Ratings from 0 to 10 are predicted by a network that ends in Hardtanh(0, 10), which clamps and
does not squash.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
"""

import torch
from torch import nn

CASE = {
    "id": "outputs_clamped_between_zero_and_ten",
    "family": "activation",
    "note": (
        "Ratings from 0 to 10 are predicted by a network that ends in Hardtanh(0, 10), which "
        "clamps and does not squash."
    ),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html"],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = (5 + 3 * x[:, :1]).clamp(0, 10)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), nn.Hardtanh(0, 10))
    nn.init.constant_(model[2].bias, 5.0)
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
