"""Both signs of positive features: a legitimate set-up.

A concatenated ReLU keeps the positive and the negative part of each unit: one of the two is 0,
and none is dead.

Sources:
  https://arxiv.org/abs/1603.05201
"""

import torch
from torch import nn

CASE = {
    "id": "both_signs_of_positive_features",
    "family": "init_act",
    "note": (
        "A concatenated ReLU keeps the positive and the negative part of each unit: one of the "
        "two is 0, and none is dead."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1603.05201"],
}


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Linear(6, 8), nn.Linear(16, 1)
        nn.init.uniform_(self.inner.weight, 0, 0.5)
        nn.init.zeros_(self.inner.bias)

    def forward(self, x):
        hidden = self.inner(x)
        return self.outer(torch.cat([torch.relu(hidden), torch.relu(-hidden)], dim=1))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.rand(32, 6)
    y = x[:, :1] * 2
    model = Both()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
