"""Multiplier climbs while weights descend: a legitimate set-up.

A constraint's multiplier has an optimizer with maximize=True; both step on the same loss.

Sources:
  https://arxiv.org/abs/2002.12138
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "multiplier_climbs_while_weights_descend",
    "family": "optim_params",
    "note": ("A constraint's multiplier has an optimizer with maximize=True; both step on the same loss."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2002.12138"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(3, 1)
    multiplier = torch.zeros(1, requires_grad=True)
    ascent = torch.optim.SGD([multiplier], 0.05, maximize=True)

    def step(model, loss_fn, optimizer, batch):
        out = model(batch[0])
        excess = out.mean() - 0.1
        value = loss_fn(out, batch[1]) + (F.softplus(multiplier) * excess).sum()
        optimizer.zero_grad()
        ascent.zero_grad()
        value.backward()
        optimizer.step()
        ascent.step()
        return value

    x = torch.randn(40, 3)
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x[:, :1]),
        "train_step": step,
    }
