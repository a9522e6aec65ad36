"""Attention over a leading time axis: a legitimate set-up.

Time comes first, and the softmax over dim 0 runs over time, not over the samples: each sample's
weights sum to one.

Sources:
  https://github.com/ethanfetaya/NRI/issues/25
  https://github.com/svishwa/crowdcount-cascaded-mtl/issues/22
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "attention_over_a_leading_time_axis",
    "family": "layout",
    "note": (
        "Time comes first, and the softmax over dim 0 runs over time, not over the samples: each "
        "sample's weights sum to one."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/ethanfetaya/NRI/issues/25",
        "https://github.com/svishwa/crowdcount-cascaded-mtl/issues/22",
    ],
}


class Attentive(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.weigh, self.out = nn.GRU(3, 16), nn.Linear(16, 1), nn.Linear(16, 2)

    def forward(self, x):  # (time, sample, feature)
        hidden, _ = self.rnn(x)
        weights = F.softmax(self.weigh(hidden), dim=0)
        return self.out((weights * hidden).sum(0))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(6, 50, 3)
    y = (x[:, :, 0].sum(0) > 0).long()
    model = Attentive()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, y)}
