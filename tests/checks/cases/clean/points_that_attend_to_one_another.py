"""Points that attend to one another: a legitimate set-up.

A cloud of points as one sequence: attention over (points, 1, features), with a label per point.

Sources:
  https://arxiv.org/abs/2012.09164
"""

import torch
from torch import nn

CASE = {
    "id": "points_that_attend_to_one_another",
    "family": "layout",
    "note": ("A cloud of points as one sequence: attention over (points, 1, features), with a label per point."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2012.09164"],
}


class Cloud(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.attention, self.head = nn.Linear(3, 8), nn.MultiheadAttention(8, 2), nn.Linear(8, 2)

    def forward(self, points):
        hidden = self.inner(points)[:, None]
        return self.head(hidden + self.attention(hidden, hidden, hidden)[0])[:, 0]


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(20, 3)
    y = (x[:, 0] > 0).long()
    model = Cloud()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
        "train_step": None,
    }
