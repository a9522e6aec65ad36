"""Perceptual loss by a network in eval: a legitimate set-up.

The loss measures with a network in evaluation mode that still requires gradients; nobody steps
it.

Sources:
  https://arxiv.org/abs/1603.08155
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "perceptual_loss_by_a_network_in_eval",
    "family": "ownership",
    "note": ("The loss measures with a network in evaluation mode that still requires gradients; nobody steps it."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1603.08155"],
}


def build(seed=0):
    torch.manual_seed(seed)

    class Perceptual(nn.Module):
        def __init__(self):
            super().__init__()
            self.f = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()).eval()

        def forward(self, out, t):
            return F.mse_loss(self.f(out), self.f(t))

    model = nn.Conv2d(1, 1, 3, padding=1)
    x = torch.rand(4, 1, 10, 10)
    return {
        "model": model,
        "loss_fn": Perceptual(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x.flip(-1)),
        "train_step": None,
    }
