"""Noise added by a helper while training: a legitimate set-up.

A helper drops inputs, and is asked to only while the network is training.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
"""

import torch
from torch import nn

CASE = {
    "id": "noise_added_by_a_helper_while_training",
    "family": "mode",
    "note": "A helper drops inputs, and is asked to only while the network is training.",
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html"],
}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Linear(4, 32), nn.Linear(32, 1)

    def corrupted(self, x):
        return nn.functional.dropout(x, 0.1)

    def forward(self, x):
        x = self.corrupted(x) if self.training else x
        return self.outer(torch.relu(self.inner(x)))


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
