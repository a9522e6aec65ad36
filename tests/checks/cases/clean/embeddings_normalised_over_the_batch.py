"""Embeddings normalised over the batch: a legitimate set-up.

Barlow Twins: embeddings are normalised over the batch axis and their correlations compared; no
target at all.

Sources:
  https://arxiv.org/abs/2103.03230
"""

import torch
from torch import nn

CASE = {
    "id": "embeddings_normalised_over_the_batch",
    "family": "layout",
    "note": (
        "Barlow Twins: embeddings are normalised over the batch axis and their correlations compared; no target at all."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2103.03230"],
}


def build(seed=0):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 8))
    bn = nn.BatchNorm1d(8, affine=False)

    def step(model, loss_fn, optimizer, batch):
        z1, z2 = (
            bn(model(batch[0] + 0.1 * torch.randn_like(batch[0]))),
            bn(model(batch[0] + 0.1 * torch.randn_like(batch[0]))),
        )
        correlations = z1.T @ z2 / len(z1)
        value = ((torch.diagonal(correlations) - 1) ** 2).sum() + 0.005 * (
            (correlations - torch.diag(torch.diagonal(correlations))) ** 2
        ).sum()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

    return {
        "model": model,
        "loss_fn": None,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.001),
        "batch": (torch.randn(64, 8), torch.zeros(64)),
        "train_step": step,
    }
