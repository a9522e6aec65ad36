"""Contrastive in batch negatives: a legitimate set-up.

InfoNCE: every other sample of the batch is a negative, so the loss couples samples on purpose; the
labels are just 0..N-1 made inside the loss.

Sources:
  https://github.com/RElbers/info-nce-pytorch/issues/9
  https://github.com/RElbers/info-nce-pytorch/issues/11
  https://github.com/jefflai108/Contrastive-Predictive-Coding-PyTorch/issues/5
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "contrastive_in_batch_negatives",
    "family": "loss",
    "note": (
        "InfoNCE: every other sample of the batch is a negative, so the loss couples samples on "
        "purpose; the labels are just 0..N-1 made inside the loss."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/RElbers/info-nce-pytorch/issues/9",
        "https://github.com/RElbers/info-nce-pytorch/issues/11",
        "https://github.com/jefflai108/Contrastive-Predictive-Coding-PyTorch/issues/5",
    ],
}


class TwoTowers(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(10, 8), nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8))
        self.log_scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, a, b):
        a, b = F.normalize(self.left(a), dim=1), F.normalize(self.right(b), dim=1)
        return self.log_scale.exp() * a @ b.T


def both_ways(similarity, pair):
    return (F.cross_entropy(similarity, pair) + F.cross_entropy(similarity.T, pair)) / 2


def build(seed=0):
    torch.manual_seed(seed)
    hidden = torch.randn(32, 4)
    a, b = hidden @ torch.randn(4, 10), hidden @ torch.randn(4, 6)
    model = TwoTowers()
    return {
        "model": model,
        "loss_fn": both_ways,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((a, b), torch.arange(32)),
    }
