"""Margins that are kept from the start: a legitimate set-up.

All pairs of a contrastive loss are further apart than the margin: its hinge is 0, as it should
be.

Sources:
  Hadsell, Chopra and LeCun (2006), Dimensionality reduction by learning an invariant mapping
"""

import torch
from torch import nn

CASE = {
    "id": "margins_that_are_kept_from_the_start",
    "family": "init_act",
    "note": ("All pairs of a contrastive loss are further apart than the margin: its hinge is 0, as it should be."),
    "hint_ok": False,
    "source": ["Hadsell, Chopra and LeCun (2006), Dimensionality reduction by learning an invariant mapping"],
}


class Contrastive(nn.Module):
    def __init__(self, margin):
        super().__init__()
        self.margin = margin

    def forward(self, output, target):
        apart = (output[0] - output[1]).norm(dim=1)
        pairs = target * apart**2 + (1 - target) * torch.relu(self.margin - apart) ** 2
        return pairs.mean() + 0.1 * (output[0] ** 2).mean()


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.side = nn.Linear(6, 8)

    def forward(self, one, other):
        return self.side(one), self.side(other)


def build(seed=0):
    torch.manual_seed(seed)
    one, other, y = torch.randn(32, 6), 5 + torch.randn(32, 6), torch.zeros(32)
    model = Pair()

    return {
        "model": model,
        "loss_fn": Contrastive(0.5),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((one, other), y),
        "train_step": None,
    }
