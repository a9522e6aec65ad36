"""Encoder that joins after some updates: a legitimate set-up.

As in wav2vec 2.0's fine-tuning the encoder gets gradients after a number of updates, and the
head alone before.

Sources:
  https://arxiv.org/abs/2006.11477
"""

import torch
from torch import nn

CASE = {
    "id": "encoder_that_joins_after_some_updates",
    "family": "freezing",
    "note": (
        "As in wav2vec 2.0's fine-tuning the encoder gets gradients after a number of updates, "
        "and the head alone before."
    ),
    "hint_ok": True,
    "source": ["https://arxiv.org/abs/2006.11477"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Tuned(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head, self.updates = mlp(4, 8), nn.Linear(8, 3), 0

    def forward(self, x):
        with torch.set_grad_enabled(self.updates >= 1000):
            hidden = torch.relu(self.encoder(x))
        return self.head(hidden)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = Tuned()

    def train_step(model, loss_fn, optimizer, batch):
        loss = loss_fn(model(batch[0]), batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.updates += 1
        return loss

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.03),
        "batch": (x, y),
        "train_step": train_step,
    }
