"""Gan with two optimizers: a legitimate set-up.

One step trains the critic on detached fakes, then the generator through the critic; the optimizer
owns the generator only, the critic has its own, and neither loss has to fall.

Sources:
  https://github.com/yunjey/pytorch-tutorial/issues/56
  https://github.com/DeepMotionEditing/deep-motion-editing/issues/90
  https://github.com/devnag/pytorch-generative-adversarial-networks/issues/14
"""

import torch
from torch import nn

CASE = {
    "id": "gan_with_two_optimizers",
    "family": "loop",
    "note": (
        "One step trains the critic on detached fakes, then the generator through the critic; the "
        "optimizer owns the generator only, the critic has its own, and neither loss has to fall."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/yunjey/pytorch-tutorial/issues/56",
        "https://github.com/DeepMotionEditing/deep-motion-editing/issues/90",
        "https://github.com/devnag/pytorch-generative-adversarial-networks/issues/14",
    ],
    "steps": 150,
}


def build(seed=0):
    torch.manual_seed(seed)
    generator = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=5e-3, betas=(0.5, 0.9))
    noise, real = torch.randn(64, 4), torch.randn(64, 2) * 0.3 + torch.tensor([2.0, -1.0])

    def train_step(model, loss_fn, optimizer, batch):
        latent, samples = batch
        yes, no = torch.ones(len(samples), 1), torch.zeros(len(samples), 1)
        fake = model(latent)
        critic_optimizer.zero_grad()
        critic_loss = loss_fn(critic(samples), yes) + loss_fn(critic(fake.detach()), no)
        critic_loss.backward()
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


def progress(setup):
    """How far the mean of the fakes is from the mean of the real samples."""
    noise, real = setup["batch"]
    with torch.no_grad():
        return (setup["model"](noise).mean(0) - real.mean(0)).norm().item()
