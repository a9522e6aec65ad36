"""Critic with gradient penalty: a legitimate set-up.

WGAN-GP critic: its loss is a difference of means, soon below zero, plus a penalty that
differentiates through a gradient.

Sources:
  https://github.com/Zeleni9/pytorch-wgan/issues/20
  https://github.com/igul222/improved_wgan_training/issues/91
  https://github.com/kongyanye/cwgan-gp/issues/3
"""

import torch
from torch import nn

CASE = {
    "id": "critic_with_gradient_penalty",
    "family": "graph",
    "note": (
        "WGAN-GP critic: its loss is a difference of means, soon below zero, plus a penalty that "
        "differentiates through a gradient."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/Zeleni9/pytorch-wgan/issues/20",
        "https://github.com/igul222/improved_wgan_training/issues/91",
        "https://github.com/kongyanye/cwgan-gp/issues/3",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    fake, real = torch.randn(48, 3), torch.randn(48, 3) + 1.5
    critic = nn.Sequential(nn.Linear(3, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def train_step(model, loss_fn, optimizer, batch):
        a, b = batch
        mix = torch.lerp(a, b, torch.rand(len(a), 1)).requires_grad_()
        (slope,) = torch.autograd.grad(model(mix).sum(), mix, create_graph=True)
        loss = loss_fn(model(a), model(b)) + 10 * (slope.norm(dim=1) - 1).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": critic,
        "loss_fn": lambda on_fake, on_real: on_fake.mean() - on_real.mean(),
        "optimizer": torch.optim.Adam(critic.parameters(), lr=5e-3, betas=(0.0, 0.9)),
        "batch": (fake, real),
        "train_step": train_step,
    }
