"""Gradient reversed between domains: a legitimate set-up.

A custom autograd function turns the gradient round: one loss is maximised by the features on
purpose.

Sources:
  https://arxiv.org/abs/1409.7495
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "gradient_reversed_between_domains",
    "family": "graph",
    "note": ("A custom autograd function turns the gradient round: one loss is maximised by the features on purpose."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1409.7495"],
    "steps": 120,
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)

    class Rev(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, g):
            return -0.3 * g

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.f, self.c, self.d = (mlp(5, 8), nn.Linear(8, 2), nn.Linear(8, 2))

        def forward(self, x):
            hidden = self.f(x)
            return (self.c(hidden), self.d(Rev.apply(hidden)))

    model = Net()
    x = torch.randn(40, 5)
    y = (x[:, 0] > 0).long()
    domains = torch.arange(40) % 2
    return {
        "model": model,
        "loss_fn": lambda out, t: F.cross_entropy(out[0], t[0]) + F.cross_entropy(out[1], t[1]),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, (y, domains)),
        "train_step": None,
    }
