"""Points without a label are class zero: a legitimate set-up.

Class 0 stands for points that nobody has labelled, and is left out of the loss by ignore_index.

Sources:
  https://www.semantic-kitti.org/dataset.html
"""

import torch
from torch import nn

CASE = {
    "id": "points_without_a_label_are_class_zero",
    "family": "targets",
    "note": ("Class 0 stands for points that nobody has labelled, and is left out of the loss by ignore_index."),
    "hint_ok": True,
    "source": ["https://www.semantic-kitti.org/dataset.html"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(200, 3)
    y = 1 + (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    y[torch.rand(200) < 0.2] = 0
    model = mlp(3, 4)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(ignore_index=0),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
