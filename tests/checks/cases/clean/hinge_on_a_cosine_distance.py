"""Hinge on a cosine distance: a legitimate set-up.

One minus the cosine similarity of equal vectors rounds to a little less than 0, and is a
distance all the same.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
"""

import torch
from torch import nn

CASE = {
    "id": "hinge_on_a_cosine_distance",
    "family": "loss",
    "note": (
        "One minus the cosine similarity of equal vectors rounds to a little less than 0, and is "
        "a distance all the same."
    ),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.side = mlp(6, 8)

    def forward(self, one, other):
        return 1 - nn.functional.cosine_similarity(self.side(one), self.side(other))


def build(seed=0):
    torch.manual_seed(seed)
    y = 1.0 - 2 * (torch.arange(64) % 2)
    one = torch.randn(64, 6)
    other = torch.where(y[:, None] > 0, one, torch.randn(64, 6))
    model = Pair()
    return {
        "model": model,
        "loss_fn": nn.HingeEmbeddingLoss(margin=0.5),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((one, other), y),
        "train_step": None,
    }
