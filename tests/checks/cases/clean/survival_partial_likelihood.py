"""Survival partial likelihood: a legitimate set-up.

Cox model: each event is compared with all who were still at risk, so the loss couples the whole
batch; the target is a pair of columns, time and event.

Sources:
  https://github.com/havakv/pycox/issues/144
  https://github.com/havakv/pycox/issues/27
  https://github.com/Novartis/torchsurv/issues/35
"""

import torch
from torch import nn

CASE = {
    "id": "survival_partial_likelihood",
    "family": "loss",
    "note": (
        "Cox model: each event is compared with all who were still at risk, so the loss couples "
        "the whole batch; the target is a pair of columns, time and event."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/havakv/pycox/issues/144",
        "https://github.com/havakv/pycox/issues/27",
        "https://github.com/Novartis/torchsurv/issues/35",
    ],
}


def partial_likelihood(risk, target):
    order = target[:, 0].argsort(descending=True)
    risk, happened = risk.squeeze(1)[order], target[order, 1]
    return -((risk - risk.logcumsumexp(0)) * happened).sum() / happened.sum()


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(90, 4)
    time = torch.distributions.Exponential((1.5 * x[:, 0]).exp()).sample()
    happened = (torch.rand(90) < 0.7).float()
    model = nn.Sequential(nn.Linear(4, 16), nn.SELU(), nn.Linear(16, 1, bias=False))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    target = torch.stack([time, happened], dim=1)
    return {"model": model, "loss_fn": partial_likelihood, "optimizer": optimizer, "batch": (x, target)}
