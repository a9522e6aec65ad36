"""Scaler that begins too high: a legitimate set-up.

The first scales overflow: the scaler skips these steps and halves its factor, as it is made to.

Sources:
  https://pytorch.org/docs/stable/amp.html
"""

import torch
from torch import nn

CASE = {
    "id": "scaler_that_begins_too_high",
    "family": "loop",
    "note": ("The first scales overflow: the scaler skips these steps and halves its factor, as it is made to."),
    "hint_ok": False,
    "source": ["https://pytorch.org/docs/stable/amp.html"],
    "steps": 120,
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(6, 4).double().float()
    x, y = samples()
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127, growth_interval=1000)

    def step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        value = loss_fn(model(batch[0]), batch[1])
        scaler.scale(value).backward()
        scaler.step(optimizer)
        scaler.update()
        return value

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": step,
    }
