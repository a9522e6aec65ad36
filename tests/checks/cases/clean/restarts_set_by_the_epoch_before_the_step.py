"""Restarts set by the epoch before the step: a legitimate set-up.

The schedule is told the fraction of an epoch before each step, and sets the rate of this very
moment.

Sources:
  https://arxiv.org/abs/1608.03983
"""

import torch
from torch import nn

CASE = {
    "id": "restarts_set_by_the_epoch_before_the_step",
    "family": "scheduler",
    "note": ("The schedule is told the fraction of an epoch before each step, and sets the rate of this very moment."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1608.03983"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = mlp(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 10)
    made = [0]

    def train_step(model, loss_fn, optimizer, batch):
        scheduler.step(made[0] / 40)
        made[0] += 1
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": optimizer,
        "batch": (x, y),
        "train_step": train_step,
        "scheduler": scheduler,
    }
