"""Physics informed network: a legitimate set-up.

The loss differentiates the network with respect to its inputs with create_graph=True; x requires
grad on purpose, there are no targets except the boundary's, y is the residual's zero.

Sources:
  https://github.com/pytorch/pytorch/issues/31984
  https://github.com/madagra/basic-pinn/issues/4
"""

import torch
from torch import nn

CASE = {
    "id": "physics_informed_network",
    "family": "graph",
    "note": (
        "The loss differentiates the network with respect to its inputs with create_graph=True; x "
        "requires grad on purpose, there are no targets except the boundary's, y is the "
        "residual's zero."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/issues/31984",
        "https://github.com/madagra/basic-pinn/issues/4",
    ],
    "steps": 80,
}


def build(seed=0):
    torch.manual_seed(seed)
    time = torch.linspace(0, 2, 40).unsqueeze(1).requires_grad_()
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))

    def train_step(model, loss_fn, optimizer, batch):
        t, zero = batch
        u = model(t)
        (slope,) = torch.autograd.grad(u.sum(), t, create_graph=True)
        decay = loss_fn(slope + u, zero)
        start = (model(torch.zeros(1, 1)) - 1).pow(2).mean()
        loss = decay + start
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=5e-3),
        "batch": (time, torch.zeros(40, 1)),
        "train_step": train_step,
    }
