"""Weights adapted in an inner step: a legitimate set-up.

MAML: the network is called with weights after one inner step, whose gradient is differentiated
again.

Sources:
  https://arxiv.org/abs/1703.03400
"""

import torch
from torch import nn

CASE = {
    "id": "weights_adapted_in_an_inner_step",
    "family": "graph",
    "note": ("MAML: the network is called with weights after one inner step, whose gradient is differentiated again."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1703.03400"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(1, 1)
    x = torch.rand(10, 1) * 4 - 2

    def step(model, loss_fn, optimizer, batch):
        weights = dict(model.named_parameters())
        inner = loss_fn(torch.func.functional_call(model, weights, (batch[0],)), batch[1])
        gradients = torch.autograd.grad(inner, tuple(weights.values()), create_graph=True)
        fast = {
            name: weight - 0.05 * gradient for (name, weight), gradient in zip(weights.items(), gradients, strict=True)
        }
        value = loss_fn(torch.func.functional_call(model, fast, (batch[0],)), batch[1])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x.sin()),
        "train_step": step,
    }
