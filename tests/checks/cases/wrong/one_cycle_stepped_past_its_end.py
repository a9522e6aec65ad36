"""One cycle stepped past its end.

What is wrong: OneCycleLR was given the number of epochs as total_steps but is stepped every batch:
after so many batches it refuses to go on.

Symptom on torch 2.13: raises ValueError saying 'Tried to step 11 times. The specified number of
total steps is 10'.

Repair: OneCycleLR(..., total_steps=epochs * batches_per_epoch).

Sources:
  https://github.com/A4Bio/PiFold/issues/6
"""

import torch
from torch import nn

CASE = {
    "id": "one_cycle_stepped_past_its_end",
    "family": "scheduler",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 10,
    "expected": {
        "cause": (
            "OneCycleLR was given the number of epochs as total_steps but is stepped every batch: "
            "after so many batches it refuses to go on."
        ),
        "fix": "OneCycleLR(..., total_steps=epochs * batches_per_epoch).",
    },
    "source": ["https://github.com/A4Bio/PiFold/issues/6"],
    "evidence": {
        "kind": "raises",
        "exc": "ValueError",
        "match": "Tried to step 11 times. The specified number of total steps is 10",
        "stage": "train_step",
        "at_step": 10,
    },
    "steps": 100,
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(50, 3)
    y = x.prod(1, keepdim=True)
    model = nn.Sequential(nn.Linear(3, 24), nn.Tanh(), nn.Linear(24, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    epochs, batches = 10, 12
    total = epochs * batches if mended else epochs
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.2, total_steps=total)

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        scheduler.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": optimizer,
        "batch": (x, y),
        "train_step": train_step,
        "scheduler": scheduler,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
