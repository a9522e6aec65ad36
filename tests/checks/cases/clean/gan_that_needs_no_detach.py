"""Gan that needs no detach: a legitimate set-up.

The critic's loss runs through the generator too, which costs time and does no harm: fresh fakes are
drawn for the generator's step, and its gradients are zeroed before.

Sources:
  https://github.com/yunjey/pytorch-tutorial/issues/56
  https://github.com/pytorch/examples/issues/116
  https://github.com/XPixelGroup/BasicSR/issues/17
"""

import torch
from torch import nn

CASE = {
    "id": "gan_that_needs_no_detach",
    "family": "graph",
    "note": (
        "The critic's loss runs through the generator too, which costs time and does no harm: "
        "fresh fakes are drawn for the generator's step, and its gradients are zeroed before."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/yunjey/pytorch-tutorial/issues/56",
        "https://github.com/pytorch/examples/issues/116",
        "https://github.com/XPixelGroup/BasicSR/issues/17",
    ],
    "steps": 200,
}


def build(seed=0):
    torch.manual_seed(seed)
    generator = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
    critic = nn.Sequential(nn.Linear(2, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=5e-3, betas=(0.5, 0.9))
    noise, real = torch.randn(60, 3), 0.3 * torch.randn(60, 2) - 1.5

    def train_step(model, loss_fn, optimizer, batch):
        yes, no = torch.ones(60, 1), torch.zeros(60, 1)
        critic_loss = loss_fn(critic(batch[1]), yes) + loss_fn(critic(model(batch[0])), no)
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()
        loss = loss_fn(critic(model(batch[0])), yes)
        optimizer.zero_grad()
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


def progress(setup):
    noise, real = setup["batch"]
    with torch.no_grad():
        return (setup["model"](noise).mean(0) - real.mean(0)).norm().item()
