"""Brier score on softmax: a legitimate set-up.

Squared error between softmax probabilities and one-hot labels, the Brier score: a proper loss,
bounded by 2, that needs the softmax in the network.

Sources:
  https://github.com/FluxML/Flux.jl/issues/1546
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "brier_score_on_softmax",
    "family": "loss",
    "note": (
        "Squared error between softmax probabilities and one-hot labels, the Brier score: a "
        "proper loss, bounded by 2, that needs the softmax in the network."
    ),
    "hint_ok": False,
    "source": ["https://github.com/FluxML/Flux.jl/issues/1546"],
}


def brier(probabilities, labels):
    return (probabilities - F.one_hot(labels, probabilities.shape[1])).pow(2).sum(1).mean()


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 4
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 4), nn.Softmax(dim=1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": brier, "optimizer": optimizer, "batch": (x, labels)}
