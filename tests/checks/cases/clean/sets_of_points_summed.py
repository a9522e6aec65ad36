"""Sets of points summed: a legitimate set-up.

Deep sets: elements are embedded one by one and summed over dim 1 where a mask says they exist; the
order within a set does not matter, the sets do not mix.

Sources:
  https://github.com/juho-lee/set_transformer/issues/4
  https://github.com/juho-lee/set_transformer/issues/12
"""

import torch
from torch import nn

CASE = {
    "id": "sets_of_points_summed",
    "family": "layout",
    "note": (
        "Deep sets: elements are embedded one by one and summed over dim 1 where a mask says they "
        "exist; the order within a set does not matter, the sets do not mix."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/juho-lee/set_transformer/issues/4",
        "https://github.com/juho-lee/set_transformer/issues/12",
    ],
}


class SetSum(nn.Module):
    def __init__(self):
        super().__init__()
        self.each, self.whole = nn.Sequential(nn.Linear(2, 32), nn.ReLU()), nn.Linear(32, 1)

    def forward(self, points, present):
        return self.whole((self.each(points) * present.unsqueeze(-1)).sum(1)).squeeze(-1)


def build(seed=0):
    torch.manual_seed(seed)
    points = torch.rand(60, 7, 2)
    present = torch.arange(7) < torch.randint(1, 8, (60, 1))
    y = (points.prod(-1) * present).sum(1)
    model = SetSum()
    return {
        "model": model,
        "loss_fn": nn.L1Loss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((points, present), y),
    }
