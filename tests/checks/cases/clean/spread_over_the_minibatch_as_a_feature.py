"""Spread over the minibatch as a feature: a legitimate set-up.

The spread over the minibatch is a feature, as in GAN critics: each output depends on the whole
batch on purpose.

Sources:
  https://arxiv.org/abs/1710.10196
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "spread_over_the_minibatch_as_a_feature",
    "family": "layout",
    "note": (
        "The spread over the minibatch is a feature, as in GAN critics: each output depends "
        "on the whole batch on purpose."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1710.10196"],
}


def build(seed=0):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.f = nn.Linear(6, 12)
            self.o = nn.Linear(13, 1)

        def forward(self, x):
            hidden = F.leaky_relu(self.f(x), 0.2)
            sd = hidden.std(0).mean().expand(len(hidden), 1)
            return self.o(torch.cat([hidden, sd], 1))

    model = Net()
    x = torch.randn(32, 6)
    return {
        "model": model,
        "loss_fn": nn.BCEWithLogitsLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, (x[:, :1] > 0).float()),
        "train_step": None,
    }
