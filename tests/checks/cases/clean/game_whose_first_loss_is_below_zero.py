"""Game whose first loss is below zero: a legitimate set-up.

The generator minimises log(1 - D(G(z))), which is below 0, and has its turn before the
discriminator.

Sources:
  https://arxiv.org/abs/1406.2661
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "game_whose_first_loss_is_below_zero",
    "family": "loss",
    "note": ("The generator minimises log(1 - D(G(z))), which is below 0, and has its turn before the discriminator."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1406.2661"],
    "steps": 150,
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    real, noise = torch.randn(64, 2) * 0.3 + 2, torch.randn(64, 4)
    generator, critic = mlp(4, 2), mlp(2, 1)
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=0.01)

    def train_step(model, loss_fn, optimizer, batch):
        samples, latent = batch
        fooled = F.logsigmoid(-critic(model(latent))).mean()
        optimizer.zero_grad()
        fooled.backward()
        optimizer.step()
        loss = -F.logsigmoid(critic(samples)).mean() - F.logsigmoid(-critic(model(latent).detach())).mean()
        critic_optimizer.zero_grad()
        loss.backward()
        critic_optimizer.step()
        return loss

    return {
        "model": generator,
        "loss_fn": None,
        "optimizer": torch.optim.Adam(generator.parameters(), lr=0.01),
        "batch": (real, noise),
        "train_step": train_step,
    }


def progress(setup):
    """How far the mean of the fakes is from the mean of the real samples."""
    real, noise = setup["batch"]
    with torch.no_grad():
        return (setup["model"](noise).mean(0) - real.mean(0)).norm().item()
