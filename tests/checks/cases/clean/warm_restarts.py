"""Warm restarts: a legitimate set-up.

Cosine annealing with restarts: every eighth step the rate jumps back to its peak after having come
close to zero.

Sources:
  https://github.com/nodefluxio/vortex/issues/58
"""

import torch
from torch import nn

CASE = {
    "id": "warm_restarts",
    "family": "scheduler",
    "note": (
        "Cosine annealing with restarts: every eighth step the rate jumps back to its peak after "
        "having come close to zero."
    ),
    "hint_ok": False,
    "source": ["https://github.com/nodefluxio/vortex/issues/58"],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(80, 5)
    y = (x[:, :1] - x[:, 1:2] > 0).float()
    model = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=8)

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        scheduler.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.BCEWithLogitsLoss(),
        "optimizer": optimizer,
        "batch": (x, y),
        "train_step": train_step,
        "scheduler": scheduler,
    }
