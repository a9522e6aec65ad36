"""Sample weights meet every sample.

What is wrong: Per-sample weights (N,) are multiplied with an unreduced loss (N, 1): the product is
(N, N), and the mean of it is the mean weight times the plain mean loss, as if there were no
weights.

Symptom on torch 2.13: no exception and no warning.

Repair: (weights.unsqueeze(1) * each).mean().

Sources:
  https://github.com/bayesflow-org/bayesflow/issues/787
  https://github.com/chemprop/chemprop/pull/1210
  https://github.com/gradientinstitute/aboleth/issues/144
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "sample_weights_meet_every_sample",
    "family": "broadcast",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "Per-sample weights (N,) are multiplied with an unreduced loss (N, 1): the product is (N, "
            "N), and the mean of it is the mean weight times the plain mean loss, as if there were no "
            "weights."
        ),
        "fix": "(weights.unsqueeze(1) * each).mean().",
    },
    "source": [
        "https://github.com/bayesflow-org/bayesflow/issues/787",
        "https://github.com/chemprop/chemprop/pull/1210",
        "https://github.com/gradientinstitute/aboleth/issues/144",
    ],
    "evidence": {
        "kind": "score",
        "ratio": 3.0,
        "steps": 150,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(60, 2)
    y = x[:, :1] - x[:, 1:] + 1
    y[::3] += 8  # wrong readings, known to be so
    trust = torch.ones(60)
    trust[::3] = 0.0
    if mended:
        trust = trust.unsqueeze(1)
    model = nn.Linear(2, 1)
    return {
        "model": model,
        "loss_fn": lambda output, target: (trust * F.mse_loss(output, target, reduction="none")).mean(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.05),
        "batch": (x, y),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    """The error on the readings that are trusted."""
    x, y = setup["batch"]
    with torch.no_grad():
        return (setup["model"](x) - y).abs().view(-1)[torch.arange(60) % 3 > 0].mean().item()
