"""Ensemble in one batched product: a legitimate set-up.

Four networks in one batched product: outputs (4, N, 1) beside targets (N, 1) with an axis added.

Sources:
  https://arxiv.org/abs/1612.01474
"""

import torch
from torch import nn

CASE = {
    "id": "ensemble_in_one_batched_product",
    "family": "broadcast",
    "note": ("Four networks in one batched product: outputs (4, N, 1) beside targets (N, 1) with an axis added."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1612.01474"],
}


def build(seed=0):
    torch.manual_seed(seed)

    class Ensemble(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.randn(4, 5, 16) * 0.3)
            self.v = nn.Parameter(torch.randn(4, 16, 1) * 0.3)

        def forward(self, x):
            return torch.relu(x @ self.w) @ self.v

    model = Ensemble()
    x = torch.randn(50, 5)
    return {
        "model": model,
        "loss_fn": lambda out, t: ((out - t.unsqueeze(0)) ** 2).mean(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x[:, :1]),
        "train_step": None,
    }
