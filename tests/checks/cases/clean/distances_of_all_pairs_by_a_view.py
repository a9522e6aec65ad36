"""Distances of all pairs by a view: a legitimate set-up.

The distances of all embeddings of a batch from one another: a column of squares meets a row of
them on purpose.

Sources:
  https://arxiv.org/abs/1703.07737
"""

import torch
from torch import nn

CASE = {
    "id": "distances_of_all_pairs_by_a_view",
    "family": "broadcast",
    "note": (
        "The distances of all embeddings of a batch from one another: a column of squares meets a "
        "row of them on purpose."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1703.07737"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(32, 6)
    y = (x[:, 0] > 0).long()
    model = mlp(6, 8)

    def loss(output, target):
        squares = (output * output).sum(1)
        distances = squares.view(-1, 1) + squares - 2 * output @ output.t()
        same = (target.view(-1, 1) == target).float()
        return (same * distances + (1 - same) * torch.relu(1 - distances)).mean()

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
