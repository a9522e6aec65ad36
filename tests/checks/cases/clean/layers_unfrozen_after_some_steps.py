"""Layers unfrozen after some steps: a legitimate set-up.

The first layer is frozen at first and trained later; the optimizer holds it from the beginning.

Sources:
  https://arxiv.org/abs/1801.06146
"""

import torch
from torch import nn

CASE = {
    "id": "layers_unfrozen_after_some_steps",
    "family": "freezing",
    "note": ("The first layer is frozen at first and trained later; the optimizer holds it from the beginning."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1801.06146"],
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
    rule = torch.optim.Adam(model.parameters(), lr=0.01)
    taken = [0]
    for each in model[0].parameters():
        each.requires_grad_(False)

    def step(model, loss_fn, optimizer, batch):
        taken[0] += 1
        if taken[0] == 8:
            for each in model[0].parameters():
                each.requires_grad_(True)
        optimizer.zero_grad()
        value = loss_fn(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        return value

    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": rule, "batch": (x, y), "train_step": step}
