"""Weights drawn with a spread of one.

What is wrong: Every weight is drawn from N(0, 1) whatever the width: each of six layers of 64 units
multiplies the scale by about six, the outputs start in the tens of thousands and the first step
ends in NaN.

Symptom on torch 2.13: no exception and no warning.

Repair: nn.init.kaiming_normal_(layer.weight).

Sources:
  https://github.com/sophiajw/HistAuGAN/pull/4
  https://github.com/VinceShieh/spark-ffm/issues/12
"""

import torch
from torch import nn

CASE = {
    "id": "weights_drawn_with_a_spread_of_one",
    "family": "init_act",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "Every weight is drawn from N(0, 1) whatever the width: each of six layers of 64 units "
            "multiplies the scale by about six, the outputs start in the tens of thousands and the "
            "first step ends in NaN."
        ),
        "fix": "nn.init.kaiming_normal_(layer.weight).",
    },
    "source": [
        "https://github.com/sophiajw/HistAuGAN/pull/4",
        "https://github.com/VinceShieh/spark-ffm/issues/12",
    ],
    "evidence": {
        "kind": "nan",
        "steps": 10,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(50, 8)
    y = x[:, :1] - x[:, 1:2]
    layers = [nn.Linear(8, 64), nn.ReLU()]
    for _ in range(5):
        layers += [nn.Linear(64, 64), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(64, 1))
    for layer in model:
        if isinstance(layer, nn.Linear):
            if mended:
                nn.init.kaiming_normal_(layer.weight)
            else:
                nn.init.normal_(layer.weight)
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=5e-3)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
