"""Warm up from a rate of zero: a legitimate set-up.

Linear warm-up: the factor of step 0 is 0, so the first step moves nothing, and the next ones
little.

Sources:
  https://github.com/open-edge-platform/physical-ai-studio/pull/407
  https://github.com/pytorch/pytorch/issues/78917
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "warm_up_from_a_rate_of_zero",
    "family": "scheduler",
    "note": ("Linear warm-up: the factor of step 0 is 0, so the first step moves nothing, and the next ones little."),
    "hint_ok": False,
    "source": [
        "https://github.com/open-edge-platform/physical-ai-studio/pull/407",
        "https://github.com/pytorch/pytorch/issues/78917",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(50) % 5
    x = torch.randn(50, 7) + 2 * F.one_hot(labels, 7)
    model = nn.Sequential(nn.Linear(7, 32), nn.GELU(), nn.Linear(32, 5))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 10))

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
