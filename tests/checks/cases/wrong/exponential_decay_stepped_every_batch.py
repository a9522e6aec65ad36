"""Exponential decay stepped every batch.

What is wrong: ExponentialLR(gamma=0.5), meant for epochs, is stepped after every batch: the rate
halves each time and is gone within a dozen batches.

Symptom on torch 2.13: no exception and no warning.

Repair: Call scheduler.step() once per epoch, outside the batch loop.

Sources:
  https://github.com/ivadomed/ivadomed/pull/55
  https://github.com/amoudgl/pygoturn/issues/16
  https://github.com/aimagelab/meshed-memory-transformer/issues/71
  https://github.com/nodefluxio/vortex/issues/58
"""

import torch
from torch import nn

CASE = {
    "id": "exponential_decay_stepped_every_batch",
    "family": "scheduler",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 10,
    "expected": {
        "cause": (
            "ExponentialLR(gamma=0.5), meant for epochs, is stepped after every batch: the rate "
            "halves each time and is gone within a dozen batches."
        ),
        "fix": "Call scheduler.step() once per epoch, outside the batch loop.",
    },
    "source": [
        "https://github.com/ivadomed/ivadomed/pull/55",
        "https://github.com/amoudgl/pygoturn/issues/16",
        "https://github.com/aimagelab/meshed-memory-transformer/issues/71",
        "https://github.com/nodefluxio/vortex/issues/58",
    ],
    "evidence": {
        "kind": "stuck",
        "ratio": 0.5,
        "steps": 120,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(120, 4)
    y = x @ torch.tensor([[2.0], [-1.0], [0.5], [1.0]])
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    taken = []

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        taken.append(len(taken))
        if not mended or len(taken) % 60 == 0:  # an epoch has 60 batches
            scheduler.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": optimizer,
        "batch": (x, y),
        "train_step": train_step,
        "scheduler": scheduler,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
