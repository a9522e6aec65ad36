"""Frozen body and all in eval: a legitimate set-up.

The body is frozen and the whole network was put into eval mode, as its head has no layer that minds.

Sources:
  https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "frozen_body_and_all_in_eval",
    "family": "mode",
    "note": ("The body is frozen and the whole network was put into eval mode, as its head has no layer that minds."),
    "hint_ok": False,
    "source": [
        "https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    body = nn.Sequential(nn.Linear(6, 48), nn.BatchNorm1d(48), nn.ReLU()).requires_grad_(False)
    model = nn.Sequential(body, nn.Linear(48, 3)).eval()
    optimizer = torch.optim.Adam(model[1].parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}
