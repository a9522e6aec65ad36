"""Gradients that decay instead of being zeroed: a legitimate set-up.

The gradients themselves are the momentum: after each step they are multiplied with 0.9 instead
of being zeroed.

Sources:
  Polyak (1964), Some methods of speeding up the convergence of iteration methods
"""

import torch
from torch import nn

CASE = {
    "id": "gradients_that_decay_instead_of_being_zeroed",
    "family": "loop",
    "note": (
        "The gradients themselves are the momentum: after each step they are multiplied with 0.9 "
        "instead of being zeroed."
    ),
    "hint_ok": False,
    "source": ["Polyak (1964), Some methods of speeding up the convergence of iteration methods"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = mlp(4, 1)

    def train_step(model, loss_fn, optimizer, batch):
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        for parameter in model.parameters():
            parameter.grad.mul_(0.9)
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": train_step,
    }
