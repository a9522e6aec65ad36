"""Dropout built in forward.

What is wrong: nn.Dropout is built inside forward: a new layer each time, always in training mode.

Symptom on torch 2.13: no exception and no warning.

Repair: self.dropout = nn.Dropout(0.5) in __init__.

Sources:
  https://github.com/ewrfcas/face_attribute_classification_pytorch/issues/1
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "dropout_built_in_forward",
    "family": "mode",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": "nn.Dropout is built inside forward: a new layer each time, always in training mode.",
        "fix": "self.dropout = nn.Dropout(0.5) in __init__.",
    },
    "source": ["https://github.com/ewrfcas/face_attribute_classification_pytorch/issues/1"],
    "evidence": {"kind": "custom"},
}


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def make(seed, wrong):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.d = (nn.Linear(6, 32), nn.Linear(32, 4), nn.Dropout(0.5))

        def forward(self, x):
            hidden = F.relu(self.a(x))
            return self.b((nn.Dropout(0.5) if wrong else self.d)(hidden))

    x, y = samples()
    model = Net()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)


def evidence():
    same = []
    for setup in (build(), fixed()):
        model = setup["model"].eval()
        same.append(torch.equal(model(setup["batch"][0]), model(setup["batch"][0])))
    return same == [False, True], f"two predictions are the same as found: {same[0]}, mended: {same[1]}"
