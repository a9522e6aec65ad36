"""Gaussian nll given log variance.

What is wrong: The second head is meant as a log-variance and goes to GaussianNLLLoss as it is; this
loss wants the variance itself and refuses negative numbers.

Symptom on torch 2.13: raises ValueError saying 'var has negative entry/entries'.

Repair: loss(mean, target, log_variance.exp()).

Sources:
  https://github.com/pytorch/pytorch/pull/49807
  https://github.com/pytorch/pytorch/issues/48520
"""

import torch
from torch import nn

CASE = {
    "id": "gaussian_nll_given_log_variance",
    "family": "rare_loss",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The second head is meant as a log-variance and goes to GaussianNLLLoss as it is; this "
            "loss wants the variance itself and refuses negative numbers."
        ),
        "fix": "loss(mean, target, log_variance.exp()).",
    },
    "source": [
        "https://github.com/pytorch/pytorch/pull/49807",
        "https://github.com/pytorch/pytorch/issues/48520",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "ValueError",
        "match": "var has negative entry/entries",
        "stage": "loss",
    },
    "steps": 80,
}


class MeanAndSpread(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.mean, self.spread = nn.Linear(2, 24), nn.Linear(24, 1), nn.Linear(24, 1)

    def forward(self, x):
        hidden = torch.tanh(self.body(x))
        return self.mean(hidden), self.spread(hidden)


def make(seed, mended):
    torch.manual_seed(seed)
    x = 2 * torch.randn(90, 2)
    y = x[:, :1] + 0.3 * (1 + x[:, 1:].abs()) * torch.randn(90, 1)
    nll = nn.GaussianNLLLoss()
    model = MeanAndSpread()
    return {
        "model": model,
        "loss_fn": lambda output, target: nll(output[0], target, output[1].exp() if mended else output[1]),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
