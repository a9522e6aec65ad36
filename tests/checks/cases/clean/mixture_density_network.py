"""Mixture density network: a legitimate set-up.

Mixture of Gaussians: one output holds weights, means and log-spreads side by side, the loss is a
log-sum-exp and may fall below zero.

Sources:
  https://github.com/tonyduan/mixture-density-network/issues/1
  https://github.com/cpmpercussion/keras-mdn-layer/issues/42
"""

import torch
from torch import nn

CASE = {
    "id": "mixture_density_network",
    "family": "loss",
    "note": (
        "Mixture of Gaussians: one output holds weights, means and log-spreads side by side, the "
        "loss is a log-sum-exp and may fall below zero."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/tonyduan/mixture-density-network/issues/1",
        "https://github.com/cpmpercussion/keras-mdn-layer/issues/42",
    ],
    "steps": 100,
}


def negative_log_likelihood(output, target):
    logits, mean, log_spread = output.chunk(3, dim=1)
    each = torch.distributions.Normal(mean, log_spread.exp()).log_prob(target)  # (sample, 1) meets (sample, part)
    return -torch.logsumexp(logits.log_softmax(1) + each, dim=1).mean()


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.rand(200, 1) * 2 - 1
    sign = (torch.rand(200, 1) > 0.5).float() * 2 - 1
    y = sign * (0.3 + x.abs()) + 0.03 * torch.randn(200, 1)
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 9))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": negative_log_likelihood, "optimizer": optimizer, "batch": (x, y)}
