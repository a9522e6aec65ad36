"""Random features kept as a plain tensor: a legitimate set-up.

Random features that are never trained are a plain tensor without gradients.

Sources:
  https://papers.nips.cc/paper/3182-random-features-for-large-scale-kernel-machines
"""

import torch
from torch import nn

CASE = {
    "id": "random_features_kept_as_a_plain_tensor",
    "family": "ownership",
    "note": "Random features that are never trained are a plain tensor without gradients.",
    "hint_ok": False,
    "source": ["https://papers.nips.cc/paper/3182-random-features-for-large-scale-kernel-machines"],
}


def build(seed=0):
    torch.manual_seed(seed)

    class S(nn.Module):
        def __init__(self):
            super().__init__()
            self.W = torch.randn(4, 40)
            self.o = nn.Linear(40, 1)

        def forward(self, x):
            return self.o(torch.cos(x @ self.W))

    model = S()
    x = torch.randn(60, 4)
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x[:, :1]),
        "train_step": None,
    }
