"""Energies of samples drawn along the gradient: a legitimate set-up.

Samples are drawn by following the gradient of the energy, then detached; the loss is a difference
of means.

Sources:
  https://arxiv.org/abs/1903.08689
"""

import torch
from torch import nn

CASE = {
    "id": "energies_of_samples_drawn_along_the_gradient",
    "family": "graph",
    "note": (
        "Samples are drawn by following the gradient of the energy, then detached; the loss is a difference of means."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1903.08689"],
    "fall": -5.0,
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(2, 1, activation=nn.SiLU)
    x = torch.randn(30, 2) * 0.3 + 1

    def step(model, loss_fn, optimizer, batch):
        drawn = torch.randn_like(batch[0])
        for _ in range(5):
            drawn = drawn.detach().requires_grad_(True)
            (slope,) = torch.autograd.grad(model(drawn).sum(), drawn)
            drawn = drawn - 0.1 * slope + 0.01 * torch.randn_like(drawn)
        drawn = drawn.detach()
        real, fake = (model(batch[0]), model(drawn))
        value = real.mean() - fake.mean() + 0.1 * (real**2 + fake**2).mean()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

    return {
        "model": model,
        "loss_fn": None,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.001),
        "batch": (x, x),
        "train_step": step,
    }
