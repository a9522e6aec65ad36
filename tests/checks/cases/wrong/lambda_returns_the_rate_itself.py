"""Lambda returns the rate itself.

What is wrong: LambdaLR's function returns a learning rate, but what it returns is multiplied with
the optimizer's: 0.001 becomes 0.000001.

Symptom on torch 2.13: no exception and no warning.

Repair: lr_lambda=lambda step: 0.98**step, a factor of the optimizer's own rate.

Sources:
  https://github.com/lhoyer/MIC/issues/60
  https://github.com/pytorch/pytorch/issues/78917
  https://github.com/gao-hongnan/omniverse/issues/82
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "lambda_returns_the_rate_itself",
    "family": "scheduler",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "LambdaLR's function returns a learning rate, but what it returns is multiplied with the "
            "optimizer's: 0.001 becomes 0.000001."
        ),
        "fix": ("lr_lambda=lambda step: 0.98**step, a factor of the optimizer's own rate."),
    },
    "source": [
        "https://github.com/lhoyer/MIC/issues/60",
        "https://github.com/pytorch/pytorch/issues/78917",
        "https://github.com/gao-hongnan/omniverse/issues/82",
    ],
    "evidence": {
        "kind": "stuck",
        "ratio": 0.9,
        "steps": 100,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    rate = 0.01
    labels = torch.arange(60) % 4
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    start = 1.0 if mended else rate
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: start * 0.995**step)

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


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
