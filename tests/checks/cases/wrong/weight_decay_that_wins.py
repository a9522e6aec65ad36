"""Weight decay that wins.

What is wrong: weight_decay=0.5 in place of 0.0005: the pull to zero is as strong as the pull of the
data, the weights shrink and the predictions tend to a constant.

Symptom on torch 2.13: no exception and no warning.

Repair: weight_decay=5e-4.

Sources:
  https://github.com/tinghuiz/SfMLearner/issues/34
  https://github.com/BVLC/caffe/issues/1396
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "weight_decay_that_wins",
    "family": "hyper",
    "symptom": "silent",
    "severity": "medium",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "weight_decay=0.5 in place of 0.0005: the pull to zero is as strong as the pull of the "
            "data, the weights shrink and the predictions tend to a constant."
        ),
        "fix": "weight_decay=5e-4.",
    },
    "source": [
        "https://github.com/tinghuiz/SfMLearner/issues/34",
        "https://github.com/BVLC/caffe/issues/1396",
    ],
    "evidence": {
        "kind": "score",
        "margin": 0.3,
        "steps": 150,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(80) % 4
    x = torch.randn(80, 8) + 2 * F.one_hot(labels, 8)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4 if mended else 0.5)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    x, labels = setup["batch"]
    with torch.no_grad():
        return setup["loss_fn"](setup["model"](x), labels).item()
