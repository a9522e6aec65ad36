"""Multi hot labels in cross entropy.

What is wrong: Several classes may be right at once and the labels are multi-hot floats;
CrossEntropyLoss takes the rows for probabilities though they sum to 0, 2 or 3, and makes the
classes compete.

Symptom on torch 2.13: no exception and no warning.

Repair: nn.BCEWithLogitsLoss().

Sources:
  https://github.com/ThilinaRajapakse/simpletransformers/issues/101
  https://github.com/wenliangdai/Modality-Transferable-MER/issues/3
  https://github.com/hypnopump/rgn2-replica/pull/12
  https://github.com/sungho-CoolG/FSCL/issues/2
"""

import torch
from torch import nn

CASE = {
    "id": "multi_hot_labels_in_cross_entropy",
    "family": "labels",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "Several classes may be right at once and the labels are multi-hot floats; "
            "CrossEntropyLoss takes the rows for probabilities though they sum to 0, 2 or 3, and "
            "makes the classes compete."
        ),
        "fix": "nn.BCEWithLogitsLoss().",
    },
    "source": [
        "https://github.com/ThilinaRajapakse/simpletransformers/issues/101",
        "https://github.com/wenliangdai/Modality-Transferable-MER/issues/3",
        "https://github.com/hypnopump/rgn2-replica/pull/12",
        "https://github.com/sungho-CoolG/FSCL/issues/2",
    ],
    "evidence": {
        "kind": "score",
        "margin": 0.15,
        "steps": 200,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(100, 4)
    labels = (x > 0).float()
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 4))
    return {
        "model": model,
        "loss_fn": nn.BCEWithLogitsLoss() if mended else nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, labels),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    """The share of labels that the sign of the score gets wrong."""
    x, labels = setup["batch"]
    with torch.no_grad():
        return ((setup["model"](x) > 0) != (labels > 0)).float().mean().item()
