"""Norm logged after the step: a legitimate set-up.

The norm of the gradients is logged after the step, by clipping at infinity, which clips
nothing.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
"""

import torch
from torch import nn

CASE = {
    "id": "norm_logged_after_the_step",
    "family": "loop",
    "note": ("The norm of the gradients is logged after the step, by clipping at infinity, which clips nothing."),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = mlp(4, 1)
    norms = []

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        norms.append(float(nn.utils.clip_grad_norm_(model.parameters(), float("inf"))))
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": train_step,
    }
