"""Gradients cleared between micro batches.

What is wrong: Gradients are meant to add up over four micro-batches, but zero_grad() stands inside
the loop over them: only the last one counts.

Symptom on torch 2.13: no exception and no warning.

Repair: Call optimizer.zero_grad() once, before the loop over the micro-batches.

Sources:
  https://github.com/bytetriper/RAE/issues/67
  https://github.com/pytorch/torchtitan/pull/3575
  https://github.com/starVLA/starVLA/issues/395
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "gradients_cleared_between_micro_batches",
    "family": "loop",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "Gradients are meant to add up over four micro-batches, but zero_grad() stands inside the "
            "loop over them: only the last one counts."
        ),
        "fix": ("Call optimizer.zero_grad() once, before the loop over the micro-batches."),
    },
    "source": [
        "https://github.com/bytetriper/RAE/issues/67",
        "https://github.com/pytorch/torchtitan/pull/3575",
        "https://github.com/starVLA/starVLA/issues/395",
    ],
    "evidence": {
        "kind": "score",
        "margin": 0.5,
        "steps": 60,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(64) // 16  # as a file gives them, one class after the other
    x = torch.randn(64, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Linear(6, 4)

    def train_step(model, loss_fn, optimizer, batch):
        total = 0.0
        if mended:
            optimizer.zero_grad()
        for features, target in zip(batch[0].chunk(4), batch[1].chunk(4), strict=True):
            if not mended:
                optimizer.zero_grad()
            loss = loss_fn(model(features), target) / 4
            loss.backward()
            total += loss.detach()
        optimizer.step()
        return total

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.5),
        "batch": (x, labels),
        "train_step": train_step,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    x, labels = setup["batch"]
    with torch.no_grad():
        return setup["loss_fn"](setup["model"](x), labels).item()
