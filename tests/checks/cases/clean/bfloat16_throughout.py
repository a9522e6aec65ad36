"""Bfloat16 throughout: a legitimate set-up.

Weights and inputs in bfloat16, class ids in int64.

Sources:
  https://arxiv.org/abs/1905.12322
"""

import torch
from torch import nn

CASE = {
    "id": "bfloat16_throughout",
    "family": "dtype",
    "note": "Weights and inputs in bfloat16, class ids in int64.",
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1905.12322"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(6, 4).bfloat16()
    x, y = samples()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), 0.1),
        "batch": (x.bfloat16(), y),
        "train_step": None,
    }
