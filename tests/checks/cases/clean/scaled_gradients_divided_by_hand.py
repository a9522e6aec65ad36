"""Scaled gradients divided by hand: a legitimate set-up.

The gradients are divided by the scaler's factor by hand before the optimizer's own step.

Sources:
  https://docs.pytorch.org/docs/stable/notes/amp_examples.html
"""

import torch
from torch import nn

CASE = {
    "id": "scaled_gradients_divided_by_hand",
    "family": "loop",
    "note": ("The gradients are divided by the scaler's factor by hand before the optimizer's own step."),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/notes/amp_examples.html"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = mlp(4, 1)
    scaler = torch.amp.GradScaler("cpu")

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        scaler.scale(loss).backward()
        for parameter in model.parameters():
            parameter.grad /= scaler.get_scale()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.05),
        "batch": (x, y),
        "train_step": train_step,
    }
