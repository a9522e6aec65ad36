"""Adapter alone given to the optimizer: a legitimate set-up.

A small adapter amid a larger network is trained; the network's own layers are not in the optimizer.

Sources:
  https://arxiv.org/abs/1902.00751
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "adapter_alone_given_to_the_optimizer",
    "family": "optim_params",
    "note": ("A small adapter amid a larger network is trained; the network's own layers are not in the optimizer."),
    "hint_ok": True,
    "source": [
        "https://arxiv.org/abs/1902.00751",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 4), nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 3))
    optimizer = torch.optim.Adam([*model[2].parameters(), *model[3].parameters()], lr=0.02)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}
