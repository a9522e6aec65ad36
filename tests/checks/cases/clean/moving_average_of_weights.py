"""Moving average of weights: a legitimate set-up.

An averaged copy of the weights is updated after each step; its parameters belong to no optimizer
and are never in a graph.

Sources:
  https://github.com/pytorch/pytorch/pull/94820
  https://github.com/RuiShu/micro-projects/issues/2
"""

import torch
from torch import nn

CASE = {
    "id": "moving_average_of_weights",
    "family": "loop",
    "note": (
        "An averaged copy of the weights is updated after each step; its parameters belong to no "
        "optimizer and are never in a graph."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/pull/94820",
        "https://github.com/RuiShu/micro-projects/issues/2",
    ],
    "steps": 80,
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.rand(80, 2) * 4 - 2
    y = x[:, :1] * x[:, 1:]
    model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        average.update_parameters(model)
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
        "train_step": train_step,
    }
