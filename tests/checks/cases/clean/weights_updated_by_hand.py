"""Weights updated by hand: a legitimate set-up.

No optimizer at all: the update is written out under no_grad, in place, and the gradients are
cleared afterwards.

Sources:
  https://github.com/greebear/pytorch-learning/issues/1
  https://github.com/jcjohnson/pytorch-examples/pull/3
  https://github.com/llSourcell/pytorch_in_5_minutes/issues/1
"""

import torch
from torch import nn

CASE = {
    "id": "weights_updated_by_hand",
    "family": "loop",
    "note": (
        "No optimizer at all: the update is written out under no_grad, in place, and the "
        "gradients are cleared afterwards."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/greebear/pytorch-learning/issues/1",
        "https://github.com/jcjohnson/pytorch-examples/pull/3",
        "https://github.com/llSourcell/pytorch_in_5_minutes/issues/1",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.linspace(-1, 1, 60).unsqueeze(1)
    y = 0.5 * x**2 - x
    model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))

    def train_step(model, loss_fn, optimizer, batch):
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        with torch.no_grad():
            for weight in model.parameters():
                weight -= 0.1 * weight.grad
                weight.grad.zero_()
        return loss

    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": None, "batch": (x, y), "train_step": train_step}
