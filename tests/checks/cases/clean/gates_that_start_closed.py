"""Gates that start closed: a legitimate set-up.

A highway network's gates begin closed by a large negative bias, so that it begins as the
identity.

Sources:
  https://arxiv.org/abs/1505.00387
"""

import torch
from torch import nn

CASE = {
    "id": "gates_that_start_closed",
    "family": "init_act",
    "note": ("A highway network's gates begin closed by a large negative bias, so that it begins as the identity."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1505.00387"],
}


class Highway(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Linear(4, 16), nn.Linear(16, 1)
        self.gate, self.way = nn.Linear(16, 16), nn.Linear(16, 16)
        nn.init.constant_(self.gate.bias, -9.0)

    def forward(self, x):
        hidden = torch.tanh(self.inner(x))
        return self.outer(hidden + torch.sigmoid(self.gate(hidden)) * (torch.tanh(self.way(hidden)) - hidden))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = Highway()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
