"""Learner copied for every task: a legitimate set-up.

First-order MAML: each task adapts a copy of the network, whose gradients are then given to the
network itself.

Sources:
  https://arxiv.org/abs/1803.02999
"""

import copy

import torch
from torch import nn

CASE = {
    "id": "learner_copied_for_every_task",
    "family": "model",
    "note": (
        "First-order MAML: each task adapts a copy of the network, whose gradients are then given "
        "to the network itself."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1803.02999"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Meta(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = mlp(3, 1)

    def forward(self, x, y):
        copied = copy.deepcopy(self.network)
        weights = list(copied.parameters())
        first = torch.autograd.grad(nn.functional.mse_loss(copied(x[:4]), y[:4]), weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, first, strict=True):
                weight -= 0.1 * gradient
        loss = nn.functional.mse_loss(copied(x[4:]), y[4:])
        return loss.detach(), torch.autograd.grad(loss, weights)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(4, 8, 3)
    y = x[:, :, :1] * torch.tensor([1.0, 1.5, 2.0, 2.5])[:, None, None]
    model = Meta()

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        total = 0.0
        for inputs, targets in zip(*batch, strict=True):
            loss, gradients = model(inputs, targets)
            total = total + loss
            for weight, gradient in zip(model.parameters(), gradients, strict=True):
                weight.grad = gradient if weight.grad is None else weight.grad + gradient
        optimizer.step()
        return total

    return {
        "model": model,
        "loss_fn": None,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": train_step,
    }
