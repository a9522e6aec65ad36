"""Sparse embedding with sparse adam: a legitimate set-up.

The table has sparse gradients and an optimizer of its own, SparseAdam; the dense layers have Adam:
neither optimizer owns all parameters.

Sources:
  https://github.com/pytorch/pytorch/issues/84537
  https://github.com/pytorch/pytorch/issues/101370
  https://github.com/pytorch/pytorch/issues/18404
"""

import torch
from torch import nn

CASE = {
    "id": "sparse_embedding_with_sparse_adam",
    "family": "optim_params",
    "note": (
        "The table has sparse gradients and an optimizer of its own, SparseAdam; the dense layers "
        "have Adam: neither optimizer owns all parameters."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/issues/84537",
        "https://github.com/pytorch/pytorch/issues/101370",
        "https://github.com/pytorch/pytorch/issues/18404",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    ids = torch.randint(0, 60, (80, 3))
    y = (ids[:, :1] > 30).float()
    model = nn.Sequential(nn.Embedding(60, 8, sparse=True), nn.Flatten(), nn.Linear(24, 1))
    sparse = torch.optim.SparseAdam(list(model[0].parameters()), lr=0.02)

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        sparse.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        sparse.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.BCEWithLogitsLoss(),
        "optimizer": torch.optim.Adam(model[2].parameters(), lr=0.02),
        "batch": (ids, y),
        "train_step": train_step,
    }
