"""Lbfgs without a closure.

What is wrong: torch.optim.LBFGS is stepped like any other optimizer, but it evaluates the loss
several times per step and needs a closure to do so.

Symptom on torch 2.13: raises TypeError saying "missing 1 required positional argument: 'closure'".

Repair: optimizer.step(closure), where closure() zeroes the gradients, computes the loss, calls
backward() and returns it.

Sources:
  https://github.com/pnnl/neuromancer/issues/244
  https://github.com/pyro-ppl/pyro/issues/1674
  https://github.com/analysiscenter/pydens/issues/45
"""

import torch
from torch import nn

CASE = {
    "id": "lbfgs_without_a_closure",
    "family": "loop",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "torch.optim.LBFGS is stepped like any other optimizer, but it evaluates the loss several "
            "times per step and needs a closure to do so."
        ),
        "fix": (
            "optimizer.step(closure), where closure() zeroes the gradients, computes the loss, calls "
            "backward() and returns it."
        ),
    },
    "source": [
        "https://github.com/pnnl/neuromancer/issues/244",
        "https://github.com/pyro-ppl/pyro/issues/1674",
        "https://github.com/analysiscenter/pydens/issues/45",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "TypeError",
        "match": "missing 1 required positional argument: 'closure'",
        "stage": "train_step",
    },
    "steps": 10,
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.linspace(-1, 1, 40).unsqueeze(1)
    y = torch.sin(3 * x)
    model = nn.Sequential(nn.Linear(1, 12), nn.Tanh(), nn.Linear(12, 1))

    def step_a(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    def step_b(model, loss_fn, optimizer, batch):
        def closure():
            optimizer.zero_grad()
            loss = loss_fn(model(batch[0]), batch[1])
            loss.backward()
            return loss

        return optimizer.step(closure)

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.LBFGS(model.parameters(), lr=0.3),
        "batch": (x, y),
        "train_step": step_b if mended else step_a,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
