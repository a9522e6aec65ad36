"""Lstm time first on purpose: a legitimate set-up.

nn.LSTM without batch_first, and the batch really is (time, batch, features); dim 0 of x is time,
dim 0 of y the sample.

Sources:
  https://r-packages.io/packages/torch/nn_lstm
  https://theneuralbase.com/pytorch/learn/intermediate/nn-lstm-sequence-modeling/
"""

import torch
from torch import nn

CASE = {
    "id": "lstm_time_first_on_purpose",
    "family": "layout",
    "note": (
        "nn.LSTM without batch_first, and the batch really is (time, batch, features); dim 0 of x "
        "is time, dim 0 of y the sample."
    ),
    "hint_ok": False,
    "source": [
        "https://r-packages.io/packages/torch/nn_lstm",
        "https://theneuralbase.com/pytorch/learn/intermediate/nn-lstm-sequence-modeling/",
    ],
}


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(2, 24)
        self.head = nn.Linear(24, 1)

    def forward(self, x):
        _, (hidden, _) = self.rnn(x)
        return self.head(hidden[-1]).squeeze(-1)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(7, 40, 2)  # (time, batch, feature)
    y = x[..., 0].mean(0) * 2
    model = Counter()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
    }
