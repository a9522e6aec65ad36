"""Zero grad between backward and step.

What is wrong: zero_grad() stands between backward() and step(): the gradients are thrown away
before they are used and nothing moves.

Symptom on torch 2.13: no exception and no warning.

Repair: Call optimizer.zero_grad() before loss.backward() or after optimizer.step().

Sources:
  https://github.com/cloneofsimo/lora/issues/263
  https://github.com/sacmehta/EdgeNets/issues/14
"""

import torch
from torch import nn

CASE = {
    "id": "zero_grad_between_backward_and_step",
    "family": "loop",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "zero_grad() stands between backward() and step(): the gradients are thrown away before "
            "they are used and nothing moves."
        ),
        "fix": ("Call optimizer.zero_grad() before loss.backward() or after optimizer.step()."),
    },
    "source": [
        "https://github.com/cloneofsimo/lora/issues/263",
        "https://github.com/sacmehta/EdgeNets/issues/14",
    ],
    "evidence": {
        "kind": "frozen",
        "params": "all",
        "steps": 6,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(48, 4)
    y = x.sum(1, keepdim=True) - 1
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))

    def step_a(model, loss_fn, optimizer, batch):
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        return loss

    def step_b(model, loss_fn, optimizer, batch):
        loss = loss_fn(model(batch[0]), batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.AdamW(model.parameters(), lr=0.02),
        "batch": (x, y),
        "train_step": step_b if mended else step_a,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
