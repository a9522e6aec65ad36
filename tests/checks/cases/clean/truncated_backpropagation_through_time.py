"""Truncated backpropagation through time: a legitimate set-up.

The hidden state is carried from batch to batch and detached in between: the state is an input that
the step makes itself, one call depends on the one before.

Sources:
  https://github.com/dpressel/dliss-tutorial/issues/1
  https://github.com/yunjey/pytorch-tutorial/issues/90
  https://github.com/yikangshen/Ordered-Neurons/issues/13
"""

import torch
from torch import nn

CASE = {
    "id": "truncated_backpropagation_through_time",
    "family": "graph",
    "note": (
        "The hidden state is carried from batch to batch and detached in between: the state is an "
        "input that the step makes itself, one call depends on the one before."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/dpressel/dliss-tutorial/issues/1",
        "https://github.com/yunjey/pytorch-tutorial/issues/90",
        "https://github.com/yikangshen/Ordered-Neurons/issues/13",
    ],
    "steps": 60,
}


class Stream(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.out = nn.GRU(1, 16, batch_first=True), nn.Linear(16, 1)
        self.state = None

    def forward(self, x):
        if self.state is not None:
            self.state = self.state.detach()
        hidden, self.state = self.rnn(x, self.state)
        return self.out(hidden)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(12, 10, 1)
    y = x.roll(1, dims=1)
    y[:, 0] = 0
    model = Stream()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, y)}
