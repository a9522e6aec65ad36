"""Reverse cross entropy beside the usual one: a legitimate set-up.

Symmetric cross entropy for noisy labels adds the loss the other way round: scores made of the
labels come first, the network's softmax second.

Sources:
  https://arxiv.org/abs/1908.06112
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "reverse_cross_entropy_beside_the_usual_one",
    "family": "loss",
    "note": (
        "Symmetric cross entropy for noisy labels adds the loss the other way round: scores made "
        "of the labels come first, the network's softmax second."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1908.06112"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = mlp(4, 3)

    def loss(output, target):
        labelled = torch.where(F.one_hot(target, 3) > 0, 0.0, -4.0)  # the logarithm of 0 is taken to be -4
        return F.cross_entropy(output, target) + F.cross_entropy(labelled, output.softmax(1))

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
