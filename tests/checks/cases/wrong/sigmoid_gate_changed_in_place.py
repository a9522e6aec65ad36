"""Sigmoid gate changed in place.

What is wrong: The gate is the output of a sigmoid and some of it is overwritten in place; the
sigmoid's gradient is computed from that very output.

Symptom on torch 2.13: raises RuntimeError saying 'modified by an inplace operation'.

Repair: gate = torch.where(blocked, 0.0, gate) (a new tensor).

Sources:
  https://github.com/pytorch/pytorch/issues/9391
  https://github.com/pytorch/pytorch/issues/1321
  https://github.com/phanideepgampa/stacked-capsule-networks/issues/15
"""

import torch
from torch import nn

CASE = {
    "id": "sigmoid_gate_changed_in_place",
    "family": "graph",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The gate is the output of a sigmoid and some of it is overwritten in place; the "
            "sigmoid's gradient is computed from that very output."
        ),
        "fix": "gate = torch.where(blocked, 0.0, gate) (a new tensor).",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/9391",
        "https://github.com/pytorch/pytorch/issues/1321",
        "https://github.com/phanideepgampa/stacked-capsule-networks/issues/15",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "modified by an inplace operation",
        "stage": "backward",
    },
}


class Gated(nn.Module):
    def __init__(self, in_place):
        super().__init__()
        self.in_place = in_place
        self.value, self.gate, self.out = nn.Linear(4, 16), nn.Linear(4, 16), nn.Linear(16, 1)

    def forward(self, x):
        gate = torch.sigmoid(self.gate(x))
        if self.in_place:
            gate[gate < 0.4] = 0.0
        else:
            gate = torch.where(gate < 0.4, 0.0, gate)
        return self.out(gate * self.value(x))


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(60, 4)
    y = x[:, :1] * torch.sigmoid(3 * x[:, 1:2])
    model = Gated(in_place=not mended)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
