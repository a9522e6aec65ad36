"""Trained on its own attacks: a legitimate set-up.

An attack needs a backward pass of its own before the gradients are cleared for the step.

Sources:
  https://arxiv.org/abs/1412.6572
"""

import torch
from torch import nn

CASE = {
    "id": "trained_on_its_own_attacks",
    "family": "loop",
    "note": ("An attack needs a backward pass of its own before the gradients are cleared for the step."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1412.6572"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(6, 4)
    x, y = samples()

    def step(model, loss_fn, optimizer, batch):
        attacked = batch[0].clone().requires_grad_(True)
        loss_fn(model(attacked), batch[1]).backward()
        attacked = (batch[0] + 0.05 * attacked.grad.sign()).detach()
        optimizer.zero_grad()
        value = loss_fn(model(attacked), batch[1])
        value.backward()
        optimizer.step()
        return value

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": step,
    }
