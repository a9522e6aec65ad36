"""Norms of two halves measured before each step: a legitimate set-up.

Two passes only measure how large the gradients of two halves of the batch are, by clipping at
infinity.

Sources:
  https://arxiv.org/abs/1812.06162
"""

import torch
from torch import nn

CASE = {
    "id": "norms_of_two_halves_measured_before_each_step",
    "family": "loop",
    "note": (
        "Two passes only measure how large the gradients of two halves of the batch are, by clipping at infinity."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1812.06162"],
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
        for half in (slice(0, 32), slice(32, 64)):
            optimizer.zero_grad()
            loss_fn(model(batch[0][half]), batch[1][half]).backward()
            norms.append(float(nn.utils.clip_grad_norm_(model.parameters(), float("inf"))))
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.05),
        "batch": (x, y),
        "train_step": train_step,
    }
