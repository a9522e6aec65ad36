"""Batchnorm with a single sample.

What is wrong: BatchNorm1d in training mode gets one sample (the last, smaller batch of a loader
without drop_last): a variance over one value does not exist.

Symptom on torch 2.13: raises ValueError saying 'Expected more than 1 value per channel when
training'.

Repair: DataLoader(..., drop_last=True), or nn.LayerNorm in place of BatchNorm.

Sources:
  https://github.com/yassouali/pytorch-segmentation/issues/8
  https://github.com/scverse/scvi-tools/issues/2314
  https://github.com/fastai/fastai/issues/1352
  https://github.com/meetps/pytorch-semseg/issues/214
"""

import torch
from torch import nn

CASE = {
    "id": "batchnorm_with_a_single_sample",
    "family": "mode",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "BatchNorm1d in training mode gets one sample (the last, smaller batch of a loader "
            "without drop_last): a variance over one value does not exist."
        ),
        "fix": ("DataLoader(..., drop_last=True), or nn.LayerNorm in place of BatchNorm."),
    },
    "source": [
        "https://github.com/yassouali/pytorch-segmentation/issues/8",
        "https://github.com/scverse/scvi-tools/issues/2314",
        "https://github.com/fastai/fastai/issues/1352",
        "https://github.com/meetps/pytorch-semseg/issues/214",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "ValueError",
        "match": "Expected more than 1 value per channel when training",
        "stage": "forward",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(33, 6)
    y = x[:, :2].sum(1, keepdim=True)
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))
    batch = (x[:32], y[:32]) if mended else (x[32:], y[32:])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": batch}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
