"""Margin ranking labels zero and one.

What is wrong: MarginRankingLoss wants y = 1 or -1; here the losing pairs are 0, for which the loss
is the margin whatever the scores: half of the pairs teach nothing.

Symptom on torch 2.13: no exception and no warning.

Repair: y = 2 * y - 1.

Sources:
  https://github.com/seathiefwang/RankPose/issues/4
"""

import torch
from torch import nn

CASE = {
    "id": "margin_ranking_labels_zero_and_one",
    "family": "rare_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "MarginRankingLoss wants y = 1 or -1; here the losing pairs are 0, for which the loss is "
            "the margin whatever the scores: half of the pairs teach nothing."
        ),
        "fix": "y = 2 * y - 1.",
    },
    "source": ["https://github.com/seathiefwang/RankPose/issues/4"],
    "evidence": {
        "kind": "custom",
    },
}


class Scorer(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, a, b):
        return self.score(a).squeeze(1), self.score(b).squeeze(1)


def make(seed, mended):
    torch.manual_seed(seed)
    a, b = torch.randn(60, 4), torch.randn(60, 4)
    wins = (a[:, 0] > b[:, 0]).float()
    ranking = nn.MarginRankingLoss(margin=0.5)
    model = Scorer()
    return {
        "model": model,
        "loss_fn": lambda scores, y: ranking(*scores, y),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": ((a, b), 2 * wins - 1 if mended else wins),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def evidence():
    silent_pairs = []
    for setup in (build(), fixed()):
        scores = setup["model"](*setup["batch"][0])
        (slope,) = torch.autograd.grad(setup["loss_fn"](scores, setup["batch"][1]), scores[0])
        silent_pairs.append((slope == 0).float().mean().item())
    return silent_pairs[0] > 0.4 > silent_pairs[1], f"{silent_pairs} of the pairs get no gradient"
