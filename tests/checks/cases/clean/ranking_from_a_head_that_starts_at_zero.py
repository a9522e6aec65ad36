"""Ranking from a head that starts at zero: a legitimate set-up.

The head begins with zeros, so that both sides of a ranking are equal at the first step; the
margin pulls them apart.

Sources:
  https://arxiv.org/abs/1901.09321
"""

import torch
from torch import nn

CASE = {
    "id": "ranking_from_a_head_that_starts_at_zero",
    "family": "loss",
    "note": (
        "The head begins with zeros, so that both sides of a ranking are equal at the first step; "
        "the margin pulls them apart."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1901.09321"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Ranker(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Sequential(mlp(5, 8), nn.Tanh()), nn.Linear(8, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, one, other):
        return self.head(self.body(one)).squeeze(1), self.head(self.body(other)).squeeze(1)


def build(seed=0):
    torch.manual_seed(seed)
    one, other = torch.randn(64, 5), torch.randn(64, 5)
    y = torch.sign(one[:, 0] - other[:, 0])
    model = Ranker()

    return {
        "model": model,
        "loss_fn": lambda output, target: nn.functional.margin_ranking_loss(*output, target, margin=0.5),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((one, other), y),
        "train_step": None,
    }
