"""Labels weighted by row: a legitimate set-up.

One label per row, each with a weight of its own: the rows of the targets sum to the weights.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
"""

import torch
from torch import nn

CASE = {
    "id": "labels_weighted_by_row",
    "family": "targets",
    "note": ("One label per row, each with a weight of its own: the rows of the targets sum to the weights."),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    labels = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    y = nn.functional.one_hot(labels, 3) * (torch.rand(64, 1) + 0.5)
    model = mlp(4, 3)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
