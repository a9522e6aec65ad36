"""Milestones counted in batches.

What is wrong: MultiStepLR(milestones=[3, 6, 9]) means epochs and is stepped after each batch.

Symptom on torch 2.13: no exception and no warning.

Repair: scheduler.step() once per epoch.

Sources:
  https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
"""

import torch
from torch import nn

CASE = {
    "id": "milestones_counted_in_batches",
    "family": "schedule",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 10,
    "expected": {
        "cause": "MultiStepLR(milestones=[3, 6, 9]) means epochs and is stepped after each batch.",
        "fix": "scheduler.step() once per epoch.",
    },
    "source": ["https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html"],
    "evidence": {"kind": "stuck", "steps": 100, "ratio": 0.7},
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
    rule = torch.optim.Adam(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.MultiStepLR(rule, [3, 6, 9] if wrong else [3000, 6000], 0.1)

    def step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        value = loss_fn(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        schedule.step()
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
