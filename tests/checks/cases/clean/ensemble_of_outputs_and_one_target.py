"""Ensemble of outputs and one target: a legitimate set-up.

Five outputs per sample, each compared with the one target of that sample.

Sources:
  https://arxiv.org/abs/1511.06314
"""

import torch
from torch import nn

CASE = {
    "id": "ensemble_of_outputs_and_one_target",
    "family": "broadcast",
    "note": "Five outputs per sample, each compared with the one target of that sample.",
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1511.06314"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(3, 5)
    x = torch.randn(60, 3)
    return {
        "model": model,
        "loss_fn": lambda out, t: ((out - t) ** 2).mean(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x[:, :1]),
        "train_step": None,
    }
