"""Sigmoid layer before logits loss.

What is wrong: The classifier ends in a sigmoid and is trained with BCEWithLogitsLoss, which applies
another: every probability the loss sees lies between 0.5 and 0.73.

Symptom on torch 2.13: no exception and no warning.

Repair: Remove the sigmoid from the network, or use nn.BCELoss.

Sources:
  https://github.com/YXNTU/GeneralDyG/issues/6
  https://github.com/nv-tlabs/GSCNN/issues/62
  https://github.com/itakurah/focal-loss-pytorch/pull/5
"""

import torch
from torch import nn

CASE = {
    "id": "sigmoid_layer_before_logits_loss",
    "family": "act_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The classifier ends in a sigmoid and is trained with BCEWithLogitsLoss, which applies "
            "another: every probability the loss sees lies between 0.5 and 0.73."
        ),
        "fix": "Remove the sigmoid from the network, or use nn.BCELoss.",
    },
    "source": [
        "https://github.com/YXNTU/GeneralDyG/issues/6",
        "https://github.com/nv-tlabs/GSCNN/issues/62",
        "https://github.com/itakurah/focal-loss-pytorch/pull/5",
    ],
    "evidence": {
        "kind": "score",
        "margin": 0.3,
        "steps": 120,
    },
}


class Detector(nn.Module):
    def __init__(self, squash):
        super().__init__()
        self.encoder, self.out, self.squash = nn.Linear(5, 20), nn.Linear(20, 1), squash

    def forward(self, x):
        return self.squash(self.out(torch.relu(self.encoder(x)))).squeeze(1)


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(80, 5)
    y = (x[:, 0] - x[:, 1] > 0.3).float()
    model = Detector(nn.Identity() if mended else nn.Sigmoid())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.BCEWithLogitsLoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    x, y = setup["batch"]
    with torch.no_grad():
        return setup["loss_fn"](setup["model"](x), y).item()
