"""Scores ranked over all pairs: a legitimate set-up.

RankNet over all pairs: the difference of a column of scores and a row of the same scores.

Sources:
  Burges et al. (2005), Learning to rank using gradient descent
"""

import torch
from torch import nn

CASE = {
    "id": "scores_ranked_over_all_pairs",
    "family": "broadcast",
    "note": ("RankNet over all pairs: the difference of a column of scores and a row of the same scores."),
    "hint_ok": False,
    "source": ["Burges et al. (2005), Learning to rank using gradient descent"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(32, 6)
    y = x[:, 0].clone()
    model = mlp(6, 1)

    def loss(output, target):
        differences = output - output.flatten()
        return nn.functional.softplus(-differences * torch.sign(target.reshape(-1, 1) - target)).mean()

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
