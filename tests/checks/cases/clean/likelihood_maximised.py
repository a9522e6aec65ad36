"""Likelihood maximised: a legitimate set-up.

The step climbs: the function given is a log-likelihood and the optimizer has maximize=True, so that
what is called the loss rises, as it should.

Sources:
  https://github.com/dennybritz/reinforcement-learning/issues/181
  https://github.com/hongzimao/decima-sim/issues/28
"""

import torch
from torch import nn

CASE = {
    "id": "likelihood_maximised",
    "family": "loop",
    "note": (
        "The step climbs: the function given is a log-likelihood and the optimizer has "
        "maximize=True, so that what is called the loss rises, as it should."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/dennybritz/reinforcement-learning/issues/181",
        "https://github.com/hongzimao/decima-sim/issues/28",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(100, 4)
    y = torch.bernoulli(torch.sigmoid(2 * x[:, 0] - x[:, 1]))
    model = nn.Linear(4, 1)

    def log_likelihood(score, target):
        return torch.distributions.Bernoulli(logits=score.squeeze(1)).log_prob(target).mean()

    return {
        "model": model,
        "loss_fn": log_likelihood,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.5, maximize=True),
        "batch": (x, y),
    }


def progress(setup):
    x, y = setup["batch"]
    with torch.no_grad():
        return -setup["loss_fn"](setup["model"](x), y).item()
