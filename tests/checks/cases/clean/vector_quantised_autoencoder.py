"""Vector quantised autoencoder: a legitimate set-up.

The nearest code is chosen by argmin, gradients go straight through, and two terms of the loss are
detached.

Sources:
  https://arxiv.org/abs/1711.00937
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "vector_quantised_autoencoder",
    "family": "graph",
    "note": (
        "The nearest code is chosen by argmin, gradients go straight through, and two terms of the loss are detached."
    ),
    "hint_ok": False,
    "fall": -0.5,
    "source": ["https://arxiv.org/abs/1711.00937"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)

    class Quantised(nn.Module):
        def __init__(self):
            super().__init__()
            self.e, self.d = (mlp(8, 4), mlp(4, 8))
            self.c = nn.Embedding(16, 4)

        def forward(self, x):
            hidden = self.e(x)
            nearest = torch.cdist(hidden, self.c.weight).argmin(1)
            code = self.c(nearest)
            return (
                self.d(hidden + (code - hidden).detach()),
                F.mse_loss(code, hidden.detach()) + 0.25 * F.mse_loss(hidden, code.detach()),
            )

    model = Quantised()
    x = torch.randn(64, 8)
    return {
        "model": model,
        "loss_fn": lambda out, t: F.mse_loss(out[0], t) + out[1],
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x),
        "train_step": None,
    }
