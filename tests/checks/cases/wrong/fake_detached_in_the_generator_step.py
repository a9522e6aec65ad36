"""Fake detached in the generator step.

What is wrong: To silence a graph error the fake is detached in the generator's own step: its loss
still has a graph, the critic's, so backward() runs, but no gradient reaches the generator.

Symptom on torch 2.13: no exception and no warning.

Repair: loss_fn(critic(fake), yes) without detach() in the generator's step.

Sources:
  https://github.com/nikhilsinghmus/image2reverb/issues/37
  https://github.com/tamarott/SinGAN/pull/117
"""

import torch
from torch import nn

CASE = {
    "id": "fake_detached_in_the_generator_step",
    "family": "graph",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "To silence a graph error the fake is detached in the generator's own step: its loss "
            "still has a graph, the critic's, so backward() runs, but no gradient reaches the "
            "generator."
        ),
        "fix": "loss_fn(critic(fake), yes) without detach() in the generator's step.",
    },
    "source": [
        "https://github.com/nikhilsinghmus/image2reverb/issues/37",
        "https://github.com/tamarott/SinGAN/pull/117",
    ],
    "evidence": {
        "kind": "frozen",
        "params": "all",
        "steps": 6,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    generator = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 3))
    critic = nn.Sequential(nn.Linear(3, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    noise = torch.randn(40, 4)

    def train_step(model, loss_fn, optimizer, batch):
        fake = model(batch[0])
        judged = critic(fake if mended else fake.detach())
        loss = loss_fn(judged, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": generator,
        "loss_fn": nn.BCEWithLogitsLoss(),
        "optimizer": torch.optim.Adam(generator.parameters(), lr=0.01),
        "batch": (noise, torch.ones(40, 1)),
        "train_step": train_step,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
