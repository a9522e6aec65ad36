"""Ranking with ties: a legitimate set-up.

A ranking's label is the sign of a difference, which is 0 where two are equal: such a pair has
nothing to say.

Sources:
  Burges et al. (2005), Learning to rank using gradient descent
"""

import torch
from torch import nn

CASE = {
    "id": "ranking_with_ties",
    "family": "targets",
    "note": (
        "A ranking's label is the sign of a difference, which is 0 where two are equal: such a pair has nothing to say."
    ),
    "hint_ok": False,
    "source": ["Burges et al. (2005), Learning to rank using gradient descent"],
    "fall": 0.05,
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Ranker(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = mlp(5, 1)

    def forward(self, one, other):
        return self.score(one).squeeze(1), self.score(other).squeeze(1)


def build(seed=0):
    torch.manual_seed(seed)
    one, other = torch.randn(64, 5), torch.randn(64, 5)
    y = torch.sign((one[:, 0] > 0).float() - (other[:, 0] > 0).float())
    model = Ranker()

    return {
        "model": model,
        "loss_fn": lambda output, target: nn.functional.margin_ranking_loss(*output, target, margin=0.5),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((one, other), y),
        "train_step": None,
    }
