"""Hard gate without a gradient.

What is wrong: A gate is compared with 0.5: a comparison has no gradient, and the layer that makes
the gate is never trained.

Symptom on torch 2.13: no exception and no warning.

Repair: Multiply by the gate itself, or use a straight-through estimator.

Sources:
  https://github.com/daniel03c1/masked_wavelet_nerf/issues/10
  https://github.com/Hiyuur/SR-TOD/issues/5
"""

import torch
from torch import nn

CASE = {
    "id": "hard_gate_without_a_gradient",
    "family": "graph",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "A gate is compared with 0.5: a comparison has no gradient, and the layer that "
            "makes the gate is never trained."
        ),
        "fix": "Multiply by the gate itself, or use a straight-through estimator.",
    },
    "source": [
        "https://github.com/daniel03c1/masked_wavelet_nerf/issues/10",
        "https://github.com/Hiyuur/SR-TOD/issues/5",
    ],
    "evidence": {"kind": "frozen", "params": ["a.weight", "a.bias"], "steps": 5},
}


def make(seed, wrong):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (nn.Linear(5, 16), nn.Linear(5, 16), nn.Linear(16, 1))

        def forward(self, x):
            g = torch.sigmoid(self.a(x))
            return self.c(torch.tanh(self.b(x)) * ((g > 0.5).float() if wrong else g))

    x = torch.randn(60, 5)
    model = Net()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x[:, :1]),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
