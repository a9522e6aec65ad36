"""Likelihood handed to an optimizer that maximises: a legitimate set-up.

The optimizer maximises what it is given, and the plateau scheduler watches for more of it.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
"""

import torch
from torch import nn

CASE = {
    "id": "likelihood_handed_to_an_optimizer_that_maximises",
    "family": "loop",
    "note": ("The optimizer maximises what it is given, and the plateau scheduler watches for more of it."),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = mlp(4, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, maximize=True)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max")

    def train_step(model, loss_fn, optimizer, batch):
        likelihood = -loss_fn(model(batch[0]), batch[1])
        optimizer.zero_grad()
        likelihood.backward()
        optimizer.step()
        scheduler.step(likelihood.item())
        return likelihood

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": optimizer,
        "batch": (x, y),
        "train_step": train_step,
        "scheduler": scheduler,
    }


def progress(setup):
    """The loss, which falls as the likelihood rises."""
    x, y = setup["batch"]
    with torch.no_grad():
        return setup["loss_fn"](setup["model"](x), y).item()
