"""Tagger reads batch as time.

What is wrong: nn.GRU is built without batch_first=True but fed (batch, time, feature); there is a target for each
place, so that the sizes fit either way, and the state runs from sample to sample.

Symptom on torch 2.13: no exception and no warning.

Repair: nn.GRU(..., batch_first=True).

Sources:
  https://github.com/pytorch/pytorch/issues/1538
  https://github.com/facebookresearch/fairseq/issues/2449
"""

import torch
from torch import nn

CASE = {
    "id": "tagger_reads_batch_as_time",
    "family": "layout",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "nn.GRU is built without batch_first=True but fed (batch, time, feature): the state runs from sample to "
            "sample."
        ),
        "fix": "nn.GRU(..., batch_first=True).",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/1538",
        "https://github.com/facebookresearch/fairseq/issues/2449",
    ],
    "evidence": {
        "kind": "leak",
    },
    "steps": 60,
}


class Tagger(nn.Module):
    def __init__(self, batch_first):
        super().__init__()
        self.rnn, self.head = nn.GRU(3, 12, batch_first=batch_first, bidirectional=True), nn.Linear(24, 1)

    def forward(self, x):
        return self.head(self.rnn(x)[0]).squeeze(-1)


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(40, 12, 3)
    y = x[:, :, 0].cumsum(1) / 3
    model = Tagger(batch_first=mended)
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
