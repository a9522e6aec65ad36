"""Probe on detached features: a legitimate set-up.

A probe is trained on detached features; the optimizer holds the probe alone and the body stays
unfrozen.

Sources:
  https://arxiv.org/abs/1610.01644
"""

import torch
from torch import nn

CASE = {
    "id": "probe_on_detached_features",
    "family": "freezing",
    "note": (
        "A probe is trained on detached features; the optimizer holds the probe alone and the body stays unfrozen."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1610.01644"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def build(seed=0):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.b = mlp(6, 16)
            self.h = nn.Linear(16, 4)

        def forward(self, x):
            return self.h(self.b(x).detach())

    model = Net()
    x, y = samples()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.h.parameters(), 0.01),
        "batch": (x, y),
        "train_step": None,
    }
