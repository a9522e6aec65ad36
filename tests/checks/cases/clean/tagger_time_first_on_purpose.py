"""Tagger time first on purpose: a legitimate set-up.

Inputs (time, batch, feature) and targets (time, batch), as nn.GRU without batch_first takes them.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html
"""

import torch
from torch import nn

CASE = {
    "id": "tagger_time_first_on_purpose",
    "family": "layout",
    "note": "Inputs (time, batch, feature) and targets (time, batch), as nn.GRU without batch_first takes them.",
    "hint_ok": False,
    "source": [
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html",
    ],
}


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(3, 24), nn.Linear(24, 1)

    def forward(self, x):
        return self.head(self.rnn(x)[0]).squeeze(-1)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(12, 40, 3)
    model = Tagger()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, x[:, :, 0].cumsum(0) / 3),
    }
