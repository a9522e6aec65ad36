"""Dropout left on in eval on purpose: a legitimate set-up.

Monte-Carlo dropout: F.dropout(training=True) is a part of the model, whose uncertainty is read from
several predictions; eval() does not switch it off and should not.

Sources:
  https://github.com/ageron/handson-ml2/issues/70
  https://github.com/TiagoCortinhal/SalsaNext/issues/40
  https://github.com/pytorch/pytorch/pull/17549
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "dropout_left_on_in_eval_on_purpose",
    "family": "mode",
    "note": (
        "Monte-Carlo dropout: F.dropout(training=True) is a part of the model, whose uncertainty "
        "is read from several predictions; eval() does not switch it off and should not."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/ageron/handson-ml2/issues/70",
        "https://github.com/TiagoCortinhal/SalsaNext/issues/40",
        "https://github.com/pytorch/pytorch/pull/17549",
    ],
    "steps": 100,
}


class Uncertain(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(1, 64), nn.Linear(64, 1)

    def forward(self, x):
        return self.out(F.dropout(torch.tanh(self.hidden(x)), 0.1, training=True))

    def spread(self, x, draws=20):
        with torch.no_grad():
            return torch.stack([self(x) for _ in range(draws)]).std(0)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.linspace(-2, 2, 60).unsqueeze(1)
    y = torch.sin(2 * x)
    model = Uncertain()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, y)}
