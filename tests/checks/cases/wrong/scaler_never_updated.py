"""Scaler never updated.

What is wrong: scaler.update() is missing after scaler.step(optimizer).

Symptom on torch 2.13: an exception.

Repair: scaler.update() at the end of each step.

Sources:
  https://github.com/Azure/MS-AMP/pull/45
  https://github.com/Haian-Jin/LVSM/pull/19
"""

import torch
from torch import nn

CASE = {
    "id": "scaler_never_updated",
    "family": "loop",
    "symptom": "raises",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": "scaler.update() is missing after scaler.step(optimizer).",
        "fix": "scaler.update() at the end of each step.",
    },
    "source": ["https://github.com/Azure/MS-AMP/pull/45", "https://github.com/Haian-Jin/LVSM/pull/19"],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "step() has already been called since the last update()",
        "at_step": 1,
    },
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
    scaler = torch.amp.GradScaler("cpu", init_scale=16.0)

    def step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        value = loss_fn(model(batch[0]), batch[1])
        scaler.scale(value).backward()
        scaler.step(optimizer)
        if not wrong:
            scaler.update()
        return value

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), 0.1),
        "batch": (x, y),
        "train_step": step,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
