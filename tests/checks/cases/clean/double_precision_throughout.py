"""Double precision throughout: a legitimate set-up.

Everything is float64: weights, inputs and targets agree, nothing has to be cast.

Sources:
  https://github.com/pytorch/pytorch/issues/36553
"""

import numpy as np
import torch
from torch import nn

CASE = {
    "id": "double_precision_throughout",
    "family": "dtype",
    "note": ("Everything is float64: weights, inputs and targets agree, nothing has to be cast."),
    "hint_ok": False,
    "source": ["https://github.com/pytorch/pytorch/issues/36553"],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.from_numpy(np.random.default_rng(seed).normal(size=(60, 4)))
    y = torch.sin(x[:, :1]) * x[:, 1:2]
    model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1)).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.HuberLoss(), "optimizer": optimizer, "batch": (x, y)}
