"""Dropout behind a condition: a legitimate set-up.

F.dropout is called only where the network is training, which its own argument then need not
say.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
"""

import torch
from torch import nn

CASE = {
    "id": "dropout_behind_a_condition",
    "family": "mode",
    "note": ("F.dropout is called only where the network is training, which its own argument then need not say."),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html"],
}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Linear(4, 32), nn.Linear(32, 1)

    def forward(self, x):
        hidden = torch.relu(self.inner(x))
        if self.training:
            hidden = nn.functional.dropout(hidden, 0.2)
        return self.outer(hidden)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = Net()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
