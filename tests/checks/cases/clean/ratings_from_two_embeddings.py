"""Ratings from two embeddings: a legitimate set-up.

Matrix factorisation: nothing but embeddings and a dot product, ids as the only input, most rows of
the tables without a gradient in a given step.

Sources:
  https://github.com/recommenders-team/recommenders/issues/1713
  https://github.com/keras-team/keras-io/pull/49
"""

import torch
from torch import nn

CASE = {
    "id": "ratings_from_two_embeddings",
    "family": "model",
    "note": (
        "Matrix factorisation: nothing but embeddings and a dot product, ids as the only input, "
        "most rows of the tables without a gradient in a given step."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/recommenders-team/recommenders/issues/1713",
        "https://github.com/keras-team/keras-io/pull/49",
    ],
}


class Ratings(nn.Module):
    def __init__(self, people, films):
        super().__init__()
        self.person, self.film = nn.Embedding(people, 6), nn.Embedding(films, 6)
        self.person_bias, self.film_bias = nn.Embedding(people, 1), nn.Embedding(films, 1)
        self.middle = nn.Parameter(torch.tensor(3.0))

    def forward(self, who, what):
        match = (self.person(who) * self.film(what)).sum(-1)
        return match + self.person_bias(who).squeeze(-1) + self.film_bias(what).squeeze(-1) + self.middle


def build(seed=0):
    torch.manual_seed(seed)
    who, what = torch.randint(0, 200, (120,)), torch.randint(0, 100, (120,))
    stars = torch.randint(1, 6, (120,)).float()
    model = Ratings(200, 100)
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-5),
        "batch": ((who, what), stars),
    }
