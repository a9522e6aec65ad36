"""Denoising autoencoder with bce: a legitimate set-up.

Autoencoder whose target is the clean image of its noisy input; sigmoid output, BCELoss against grey
values in 0..1, so that the loss cannot reach zero.

Sources:
  https://github.com/yunjey/pytorch-tutorial/issues/104
  https://github.com/L1aoXingyu/pytorch-beginner/issues/34
"""

import torch
from torch import nn

CASE = {
    "id": "denoising_autoencoder_with_bce",
    "family": "activation",
    "note": (
        "Autoencoder whose target is the clean image of its noisy input; sigmoid output, BCELoss "
        "against grey values in 0..1, so that the loss cannot reach zero."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/yunjey/pytorch-tutorial/issues/104",
        "https://github.com/L1aoXingyu/pytorch-beginner/issues/34",
    ],
    "steps": 120,
    "fall": 0.05,
}


def build(seed=0):
    torch.manual_seed(seed)
    patterns = torch.rand(4, 36)
    clean_images = patterns[torch.arange(40) % 4]
    noisy = (clean_images + 0.2 * torch.randn(40, 36)).clamp(0, 1)
    model = nn.Sequential(nn.Linear(36, 12), nn.ReLU(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 36), nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.BCELoss(), "optimizer": optimizer, "batch": (noisy, clean_images)}
