"""Optimizer made anew every step.

What is wrong: The optimizer is built inside the loop: Adam's moments start from zero at every step,
so it takes steps of the sign of the gradient and never settles.

Symptom on torch 2.13: no exception and no warning.

Repair: Build the optimizer once, before the loop.

Sources:
  https://github.com/alan-turing-institute/deepsensor/issues/47
  https://github.com/pythoncymetric/cymetric/pull/4
"""

import torch
from torch import nn

CASE = {
    "id": "optimizer_made_anew_every_step",
    "family": "loop",
    "symptom": "silent",
    "severity": "medium",
    "needs_steps": 2,
    "expected": {
        "cause": (
            "The optimizer is built inside the loop: Adam's moments start from zero at every step, so "
            "it takes steps of the sign of the gradient and never settles."
        ),
        "fix": "Build the optimizer once, before the loop.",
    },
    "source": [
        "https://github.com/alan-turing-institute/deepsensor/issues/47",
        "https://github.com/pythoncymetric/cymetric/pull/4",
    ],
    "evidence": {
        "kind": "score",
        "ratio": 2.0,
        "steps": 150,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(64, 5)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5], [3.0], [-1.0]])
    model = nn.Linear(5, 1)

    def step_a(model, loss_fn, optimizer, batch):
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    def step_b(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.1),
        "batch": (x, y),
        "train_step": step_b if mended else step_a,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    x, y = setup["batch"]
    with torch.no_grad():
        return (setup["model"](x) - y).abs().mean().item()
