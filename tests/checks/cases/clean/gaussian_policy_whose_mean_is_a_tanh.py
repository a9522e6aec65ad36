"""Gaussian policy whose mean is a tanh: a legitimate set-up.

Actions are drawn around a mean between -1 and 1 and may lie beyond it; each one's distance
counts as much as its return.

Sources:
  https://arxiv.org/abs/1707.06347
"""

import torch
from torch import nn

CASE = {
    "id": "gaussian_policy_whose_mean_is_a_tanh",
    "family": "activation",
    "note": (
        "Actions are drawn around a mean between -1 and 1 and may lie beyond it; each one's "
        "distance counts as much as its return."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1707.06347"],
    "fall": 0.02,
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x, actions, returns = torch.randn(64, 4), torch.randn(64, 2), torch.rand(64)
    model = nn.Sequential(mlp(4, 2), nn.Tanh())

    def loss(mean, target):
        taken, worth = target
        return (((taken - mean) ** 2).sum(1) * 0.5 * worth).mean()  # the negative log-density times the return

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, (actions, returns)),
        "train_step": None,
    }
