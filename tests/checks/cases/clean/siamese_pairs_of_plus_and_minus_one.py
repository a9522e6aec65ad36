"""Siamese pairs of plus and minus one: a legitimate set-up.

CosineEmbeddingLoss with labels 1 and -1: negative labels are what this loss wants.

Sources:
  https://github.com/KevinMusgrave/pytorch-metric-learning/issues/509
  https://github.com/pytorch/pytorch/issues/8316
"""

import torch
from torch import nn

CASE = {
    "id": "siamese_pairs_of_plus_and_minus_one",
    "family": "targets",
    "note": ("CosineEmbeddingLoss with labels 1 and -1: negative labels are what this loss wants."),
    "hint_ok": False,
    "source": [
        "https://github.com/KevinMusgrave/pytorch-metric-learning/issues/509",
        "https://github.com/pytorch/pytorch/issues/8316",
    ],
}


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.out = nn.Conv1d(1, 8, 3, padding=1), nn.Linear(8 * 12, 6)

    def embed(self, signal):
        return self.out(torch.relu(self.conv(signal)).flatten(1))

    def forward(self, a, b):
        return self.embed(a), self.embed(b)


def build(seed=0):
    torch.manual_seed(seed)
    shapes = torch.randn(3, 1, 12)
    kinds = torch.randint(0, 3, (2, 50))
    a, b = (shapes[kind] + 0.4 * torch.randn(50, 1, 12) for kind in kinds)
    y = torch.where(kinds[0] == kinds[1], 1, -1)
    cosine = nn.CosineEmbeddingLoss(margin=0.1)
    model = Siamese()
    return {
        "model": model,
        "loss_fn": lambda pair, alike: cosine(*pair, alike),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((a, b), y),
    }
