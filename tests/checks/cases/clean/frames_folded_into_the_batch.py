"""Frames folded into the batch: a legitimate set-up.

A picture network runs over all frames of all films at once: (films, frames, ...) is flattened to
one leading axis and unfolded afterwards, in the same order.

Sources:
  https://github.com/danielhavir/capsule-network/issues/4
"""

import torch
from torch import nn

CASE = {
    "id": "frames_folded_into_the_batch",
    "family": "layout",
    "note": (
        "A picture network runs over all frames of all films at once: (films, frames, ...) is "
        "flattened to one leading axis and unfolded afterwards, in the same order."
    ),
    "hint_ok": False,
    "source": ["https://github.com/danielhavir/capsule-network/issues/4"],
}


class Film(nn.Module):
    def __init__(self):
        super().__init__()
        self.frame = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 12))
        self.rnn, self.out = nn.LSTM(12, 16, batch_first=True), nn.Linear(16, 2)

    def forward(self, films):
        films_count, frames = films.shape[:2]
        seen = self.frame(films.reshape(films_count * frames, *films.shape[2:]))
        hidden, _ = self.rnn(seen.view(films_count, frames, -1))
        return self.out(hidden[:, -1])


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(24) % 2
    films = 0.5 * torch.randn(24, 5, 1, 6, 6)
    films[labels == 1, 2:, :, 2:4, 2:4] += 2
    model = Film()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (films, labels)}
