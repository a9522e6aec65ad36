"""Scaled loss with a plain step.

What is wrong: The loss is scaled for mixed precision, and optimizer.step() follows the scaled
gradients.

Symptom on torch 2.13: no exception and no warning.

Repair: scaler.step(optimizer) and scaler.update().

Sources:
  https://github.com/IAHispano/Applio/pull/860
"""

import torch
from torch import nn

CASE = {
    "id": "scaled_loss_with_a_plain_step",
    "family": "loop",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": ("The loss is scaled for mixed precision, and optimizer.step() follows the scaled gradients."),
        "fix": "scaler.step(optimizer) and scaler.update().",
    },
    "source": ["https://github.com/IAHispano/Applio/pull/860"],
    "evidence": {"kind": "diverge", "steps": 10},
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
    scaler = torch.amp.GradScaler("cpu")

    def step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        value = loss_fn(model(batch[0]), batch[1])
        scaler.scale(value).backward()
        if wrong:
            optimizer.step()
        else:
            scaler.step(optimizer)
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
