"""Triplet margin on unit vectors: a legitimate set-up.

Three inputs through one encoder, three outputs, no labels: y is a placeholder that the loss
ignores.

Sources:
  https://github.com/huggingface/sentence-transformers/issues/326
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "triplet_margin_on_unit_vectors",
    "family": "loss",
    "note": ("Three inputs through one encoder, three outputs, no labels: y is a placeholder that the loss ignores."),
    "hint_ok": False,
    "source": ["https://github.com/huggingface/sentence-transformers/issues/326"],
}


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 6))

    def forward(self, *views):
        return tuple(F.normalize(self.net(view), dim=1) for view in views)


def build(seed=0):
    torch.manual_seed(seed)
    centres = torch.randn(5, 8)
    kind = torch.randint(0, 5, (60,))
    other = (kind + torch.randint(1, 5, (60,))) % 5
    triple = tuple(centres[k] + 0.5 * torch.randn(60, 8) for k in (kind, kind, other))
    margin = nn.TripletMarginLoss(margin=0.5)
    model = Encoder()
    return {
        "model": model,
        "loss_fn": lambda views, _: margin(*views),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (triple, torch.zeros(60)),
    }
