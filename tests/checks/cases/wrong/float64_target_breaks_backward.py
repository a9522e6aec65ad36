"""Float64 target breaks backward.

What is wrong: The target is float64 (from numpy or pandas), the output float32. HuberLoss computes
its value without complaint, then its backward fails, far from the line at fault. (Older versions of
torch do the same for MSELoss.)

Symptom on torch 2.13: raises RuntimeError saying 'Found dtype Double but expected Float'.

Repair: y = y.float().

Sources:
  https://github.com/pytorch/pytorch/issues/36553
  https://github.com/huggingface/sentence-transformers/issues/770
  https://github.com/ultmaster/neuralpredictor.pytorch/issues/5
"""

import numpy as np
import torch
from torch import nn

CASE = {
    "id": "float64_target_breaks_backward",
    "family": "dtype",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The target is float64 (from numpy or pandas), the output float32. HuberLoss computes its "
            "value without complaint, then its backward fails, far from the line at fault. (Older "
            "versions of torch do the same for MSELoss.)"
        ),
        "fix": "y = y.float().",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/36553",
        "https://github.com/huggingface/sentence-transformers/issues/770",
        "https://github.com/ultmaster/neuralpredictor.pytorch/issues/5",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "Found dtype Double but expected Float",
        "stage": "backward",
    },
}


def make(seed, mended):
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    table = rng.normal(size=(60, 4))
    prices = 2 * table[:, :1] - table[:, 1:2]
    x, y = torch.from_numpy(table).float(), torch.from_numpy(prices)
    if mended:
        y = y.float()
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.HuberLoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
