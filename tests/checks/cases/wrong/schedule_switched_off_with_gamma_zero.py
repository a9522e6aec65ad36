"""Schedule switched off with gamma zero.

What is wrong: To keep the rate constant StepLR is built with gamma=0; the rate is multiplied with
gamma, so that from the fifth step on it is 0 and nothing moves any more. No decay is gamma=1.

Symptom on torch 2.13: no exception and no warning.

Repair: StepLR(optimizer, step_size=5, gamma=1.0), or no scheduler.

Sources:
  https://github.com/LINCellularNeuroscience/VAME/issues/26
"""

import torch
from torch import nn

CASE = {
    "id": "schedule_switched_off_with_gamma_zero",
    "family": "scheduler",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 10,
    "expected": {
        "cause": (
            "To keep the rate constant StepLR is built with gamma=0; the rate is multiplied with "
            "gamma, so that from the fifth step on it is 0 and nothing moves any more. No decay is "
            "gamma=1."
        ),
        "fix": "StepLR(optimizer, step_size=5, gamma=1.0), or no scheduler.",
    },
    "source": ["https://github.com/LINCellularNeuroscience/VAME/issues/26"],
    "evidence": {
        "kind": "stuck",
        "ratio": 0.4,
        "steps": 80,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(70, 4)
    y = x @ torch.randn(4, 1)
    model = nn.Linear(4, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=1.0 if mended else 0.0)

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
