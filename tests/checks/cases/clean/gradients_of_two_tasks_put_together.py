"""Gradients of two tasks put together: a legitimate set-up.

Gradients are taken per task with retain_graph, cleared in between, and written back as a sum.

Sources:
  https://arxiv.org/abs/2001.06782
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "gradients_of_two_tasks_put_together",
    "family": "loop",
    "note": ("Gradients are taken per task with retain_graph, cleared in between, and written back as a sum."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2001.06782"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(5, 2)
    x = torch.randn(40, 5)

    def step(model, loss_fn, optimizer, batch):
        out = model(batch[0])
        gradients = []
        for task in range(2):
            optimizer.zero_grad()
            F.mse_loss(out[:, task], batch[1][:, task]).backward(retain_graph=task == 0)
            gradients.append([parameter.grad.clone() for parameter in model.parameters()])
        for parameter, first, second in zip(model.parameters(), *gradients, strict=True):
            parameter.grad = first + second
        optimizer.step()
        return F.mse_loss(out, batch[1]).detach()

    return {
        "model": model,
        "loss_fn": None,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x[:, :2]),
        "train_step": step,
    }
