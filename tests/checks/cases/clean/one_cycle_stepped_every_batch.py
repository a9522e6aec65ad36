"""One cycle stepped every batch: a legitimate set-up.

OneCycleLR is meant to be stepped after every batch; its total is epochs times batches, its rate
starts 25 times below the peak.

Sources:
  https://github.com/A4Bio/PiFold/issues/6
  https://github.com/joeynmt/joeynmt/issues/18
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "one_cycle_stepped_every_batch",
    "family": "scheduler",
    "note": (
        "OneCycleLR is meant to be stepped after every batch; its total is epochs times batches, "
        "its rate starts 25 times below the peak."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/A4Bio/PiFold/issues/6",
        "https://github.com/joeynmt/joeynmt/issues/18",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    epochs, batches = 20, 10
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.3, total_steps=epochs * batches)

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
