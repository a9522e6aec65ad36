"""Viewed as time first.

What is wrong: To get (time, batch, feature) the batch is reshaped with view() instead of
transposed: sizes are right, but the steps of different samples are mixed into one sequence.

Symptom on torch 2.13: no exception and no warning.

Repair: x = x.transpose(0, 1).

Sources:
  https://github.com/zhouhaoyi/Informer2020/issues/59
  https://github.com/Selen-Suyue/DensePolicy2D/issues/3
  https://github.com/ehoogeboom/multinomial_diffusion/issues/1
"""

import torch
from torch import nn

CASE = {
    "id": "viewed_as_time_first",
    "family": "layout",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "To get (time, batch, feature) the batch is reshaped with view() instead of transposed: "
            "sizes are right, but the steps of different samples are mixed into one sequence."
        ),
        "fix": "x = x.transpose(0, 1).",
    },
    "source": [
        "https://github.com/zhouhaoyi/Informer2020/issues/59",
        "https://github.com/Selen-Suyue/DensePolicy2D/issues/3",
        "https://github.com/ehoogeboom/multinomial_diffusion/issues/1",
    ],
    "evidence": {
        "kind": "leak",
    },
    "steps": 100,
}


class Reader(nn.Module):
    def __init__(self, transposed):
        super().__init__()
        self.transposed = transposed
        self.rnn, self.out = nn.GRU(2, 16), nn.Linear(16, 1)

    def forward(self, x):
        samples, steps, width = x.shape
        x = x.transpose(0, 1) if self.transposed else x.view(steps, samples, width)
        return self.out(self.rnn(x)[1][-1])


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(40, 5, 2)
    y = x[:, :, 0].sum(1, keepdim=True)
    model = Reader(transposed=mended)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.SmoothL1Loss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
