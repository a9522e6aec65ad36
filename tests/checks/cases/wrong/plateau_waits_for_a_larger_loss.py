"""Plateau waits for a larger loss.

What is wrong: ReduceLROnPlateau(mode='max') is told the loss: it lowers the learning rate while
the loss falls.

Symptom on torch 2.13: no exception and no warning.

Repair: mode='min'.

Sources:
  https://github.com/IntelLabs/distiller/issues/240
"""

import torch
from torch import nn

CASE = {
    "id": "plateau_waits_for_a_larger_loss",
    "family": "schedule",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 5,
    "expected": {
        "cause": ("ReduceLROnPlateau(mode='max') is told the loss: it lowers the learning rate while the loss falls."),
        "fix": "mode='min'.",
    },
    "source": ["https://github.com/IntelLabs/distiller/issues/240"],
    "evidence": {"kind": "stuck", "steps": 150, "ratio": 0.8},
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def make(seed, wrong):
    torch.manual_seed(seed)
    x, y = samples()
    model = mlp(6, 4)
    rule = torch.optim.SGD(model.parameters(), 0.1)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(rule, mode="max" if wrong else "min", patience=1)

    def step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        value = loss_fn(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        schedule.step(value.item())
        return value

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": rule,
        "batch": (x, y),
        "train_step": step,
        "scheduler": schedule,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
