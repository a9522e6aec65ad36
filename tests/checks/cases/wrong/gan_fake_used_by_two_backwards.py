"""Gan fake used by two backwards.

What is wrong: The fake batch goes into the critic's loss without detach(): the critic's backward()
runs through the generator's graph and frees it, the generator's own backward() then fails.

Symptom on torch 2.13: raises RuntimeError saying 'Trying to backward through the graph a second
time'.

Repair: critic(fake.detach()) in the critic's loss.

Sources:
  https://github.com/pytorch/examples/issues/116
  https://github.com/pytorch/examples/issues/584
  https://github.com/eriklindernoren/PyTorch-GAN/issues/151
"""

import torch
from torch import nn

CASE = {
    "id": "gan_fake_used_by_two_backwards",
    "family": "graph",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The fake batch goes into the critic's loss without detach(): the critic's backward() "
            "runs through the generator's graph and frees it, the generator's own backward() then "
            "fails."
        ),
        "fix": "critic(fake.detach()) in the critic's loss.",
    },
    "source": [
        "https://github.com/pytorch/examples/issues/116",
        "https://github.com/pytorch/examples/issues/584",
        "https://github.com/eriklindernoren/PyTorch-GAN/issues/151",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "Trying to backward through the graph a second time",
        "stage": "train_step",
    },
    "steps": 200,
}


def make(seed, mended):
    torch.manual_seed(seed)
    generator = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 2))
    critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=5e-3, betas=(0.5, 0.9))
    noise, real = torch.randn(48, 3), 0.3 * torch.randn(48, 2) + 1.5

    def train_step(model, loss_fn, optimizer, batch):
        yes, no = torch.ones(48, 1), torch.zeros(48, 1)
        fake = model(batch[0])
        shown = fake.detach() if mended else fake
        critic_optimizer.zero_grad()
        (loss_fn(critic(batch[1]), yes) + loss_fn(critic(shown), no)).backward()
        critic_optimizer.step()
        optimizer.zero_grad()
        loss = loss_fn(critic(fake), yes)
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": generator,
        "loss_fn": nn.BCEWithLogitsLoss(),
        "optimizer": torch.optim.Adam(generator.parameters(), lr=5e-3, betas=(0.5, 0.9)),
        "batch": (noise, real),
        "train_step": train_step,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def progress(setup):
    """How far the mean of the fakes is from the mean of the real samples."""
    noise, real = setup["batch"]
    with torch.no_grad():
        return (setup["model"](noise).mean(0) - real.mean(0)).norm().item()
