"""Plateau scheduler fed its metric: a legitimate set-up.

ReduceLROnPlateau gets the loss of a held-out part, computed in eval mode, and train() is called
before every step.

Sources:
  https://github.com/joeynmt/joeynmt/issues/18
  https://github.com/udacity/deep-learning-v2-pytorch/issues/3
"""

import torch
from torch import nn

CASE = {
    "id": "plateau_scheduler_fed_its_metric",
    "family": "scheduler",
    "note": (
        "ReduceLROnPlateau gets the loss of a held-out part, computed in eval mode, and train() "
        "is called before every step."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/joeynmt/joeynmt/issues/18",
        "https://github.com/udacity/deep-learning-v2-pytorch/issues/3",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(100, 4)
    y = torch.sin(x[:, :1]) + 0.1 * torch.randn(100, 1)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=3)

    def train_step(model, loss_fn, optimizer, batch):
        model.train()
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            scheduler.step(loss_fn(model(x[80:]), y[80:]))
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": optimizer,
        "batch": (x[:80], y[:80]),
        "train_step": train_step,
        "scheduler": scheduler,
    }
