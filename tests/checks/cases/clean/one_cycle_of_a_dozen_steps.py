"""One cycle of a dozen steps: a legitimate set-up.

The whole training is a dozen steps long, and so is its schedule.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "one_cycle_of_a_dozen_steps",
    "family": "scheduler",
    "note": ("The whole training is a dozen steps long, and so is its schedule."),
    "hint_ok": True,
    "source": [
        "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html",
    ],
    "steps": 12,
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, total_steps=12)

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        scheduler.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": optimizer,
        "batch": (x, labels),
        "train_step": train_step,
        "scheduler": scheduler,
    }
