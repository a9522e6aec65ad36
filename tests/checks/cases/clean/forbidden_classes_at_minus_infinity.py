"""Forbidden classes at minus infinity: a legitimate set-up.

The scores of classes that are not allowed for a sample are minus infinity; the label is always
allowed.

Sources:
  https://arxiv.org/abs/2006.14171
"""

import torch
from torch import nn

CASE = {
    "id": "forbidden_classes_at_minus_infinity",
    "family": "numeric",
    "note": (
        "The scores of classes that are not allowed for a sample are minus infinity; the label is always allowed."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2006.14171"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.n = mlp(5, 6)

        def forward(self, x, legal):
            return self.n(x).masked_fill(~legal, float("-inf"))

    model = Net()
    x = torch.randn(40, 5)
    legal = torch.rand(40, 6) < 0.6
    legal[:, 0] = True
    y = torch.multinomial(legal.float(), 1).squeeze(1)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((x, legal), y),
        "train_step": None,
    }
