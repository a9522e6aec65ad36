"""Hard gumbel softmax: a legitimate set-up.

A discrete layer by F.gumbel_softmax(hard=True): argmax forward, softmax backward.

Sources:
  https://arxiv.org/abs/1611.01144
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "hard_gumbel_softmax",
    "family": "graph",
    "note": "A discrete layer by F.gumbel_softmax(hard=True): argmax forward, softmax backward.",
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1611.01144"],
}


def build(seed=0):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.e, self.d = (nn.Linear(8, 5), nn.Linear(5, 8))

        def forward(self, x):
            return self.d(F.gumbel_softmax(self.e(x), tau=1.0, hard=True))

    model = Net()
    x = torch.randn(64, 8)
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x),
        "train_step": None,
    }
