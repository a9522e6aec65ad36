"""Hypernetwork makes the weights: a legitimate set-up.

One network computes the weights of another, which is run by functional_call: the target network's
own parameters are a template, frozen, and in no optimizer.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.stateless.functional_call.html
  https://pypi.org/project/hyper-nn
"""

import torch
from torch import nn

CASE = {
    "id": "hypernetwork_makes_the_weights",
    "family": "model",
    "note": (
        "One network computes the weights of another, which is run by functional_call: the target "
        "network's own parameters are a template, frozen, and in no optimizer."
    ),
    "hint_ok": False,
    "source": [
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.stateless.functional_call.html",
        "https://pypi.org/project/hyper-nn",
    ],
    "steps": 80,
}


class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.template = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)).requires_grad_(False)
        self.shapes = {name: p.shape for name, p in self.template.named_parameters()}
        size = sum(shape.numel() for shape in self.shapes.values())
        self.maker = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, size))

    def forward(self, task, x):
        flat = self.maker(task).split([shape.numel() for shape in self.shapes.values()])
        weights = {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), flat, strict=True)}
        return torch.func.functional_call(self.template, weights, (x,))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.linspace(-1, 1, 40).unsqueeze(1)
    y = torch.sin(3 * x)
    model = Hyper()
    optimizer = torch.optim.Adam(model.maker.parameters(), lr=0.01)
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": optimizer,
        "batch": ((torch.tensor([1.0, -0.5]), x), y),
    }
