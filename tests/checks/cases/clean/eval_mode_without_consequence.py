"""Eval mode without consequence: a legitimate set-up.

The network is trained in eval mode, but holds neither dropout nor batch statistics: the mode
changes nothing.

Sources:
  https://github.com/tk-rusch/coRNN/issues/1
  https://github.com/pytorch/tutorials/issues/1624
  https://github.com/ugent-korea/pytorch-unet-segmentation/issues/18
"""

import torch
from torch import nn

CASE = {
    "id": "eval_mode_without_consequence",
    "family": "mode",
    "note": (
        "The network is trained in eval mode, but holds neither dropout nor batch statistics: the mode changes nothing."
    ),
    "hint_ok": True,
    "source": [
        "https://github.com/tk-rusch/coRNN/issues/1",
        "https://github.com/pytorch/tutorials/issues/1624",
        "https://github.com/ugent-korea/pytorch-unet-segmentation/issues/18",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(60, 4)
    y = x.abs().sum(1, keepdim=True)
    model = nn.Sequential(nn.Linear(4, 32), nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, 1)).eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.SmoothL1Loss(), "optimizer": optimizer, "batch": (x, y)}
