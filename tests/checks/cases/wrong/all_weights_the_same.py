"""All weights the same.

What is wrong: Every layer is filled with one constant: the hidden units are copies of one another,
get the same gradient and stay copies, so the layer counts as a single unit.

Symptom on torch 2.13: no exception and no warning.

Repair: Keep PyTorch's own initialisation, or nn.init.xavier_uniform_(layer.weight).

Sources:
  https://github.com/davidmascharka/MyNN/pull/70
  https://github.com/soumith/net2net.torch/issues/3
  https://github.com/jthickstun/pytorch_musicnet/issues/4
"""

import torch
from torch import nn

CASE = {
    "id": "all_weights_the_same",
    "family": "init_act",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "Every layer is filled with one constant: the hidden units are copies of one another, get "
            "the same gradient and stay copies, so the layer counts as a single unit."
        ),
        "fix": ("Keep PyTorch's own initialisation, or nn.init.xavier_uniform_(layer.weight)."),
    },
    "source": [
        "https://github.com/davidmascharka/MyNN/pull/70",
        "https://github.com/soumith/net2net.torch/issues/3",
        "https://github.com/jthickstun/pytorch_musicnet/issues/4",
    ],
    "evidence": {
        "kind": "score",
        "ratio": 2.0,
        "steps": 200,
    },
    "steps": 200,
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.rand(100, 2) * 2 - 1
    y = x[:, :1] * x[:, 1:] * 3
    model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
    if not mended:
        for layer in (model[0], model[2]):
            nn.init.constant_(layer.weight, 0.3)
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    x, y = setup["batch"]
    with torch.no_grad():
        return setup["loss_fn"](setup["model"](x), y).item()
