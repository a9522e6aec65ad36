"""Missing targets masked out: a legitimate set-up.

Half of the target table was never measured and holds NaN; the loss picks the measured entries
before it computes anything.

Sources:
  https://github.com/pytorch/pytorch/issues/89543
  https://github.com/pyg-team/pytorch_geometric/issues/665
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "missing_targets_masked_out",
    "family": "targets",
    "note": (
        "Half of the target table was never measured and holds NaN; the loss picks the measured "
        "entries before it computes anything."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/issues/89543",
        "https://github.com/pyg-team/pytorch_geometric/issues/665",
    ],
}


def over_the_measured(output, target):
    measured = ~target.isnan()
    return F.smooth_l1_loss(output[measured], target[measured])


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(80, 6)
    y = x @ torch.randn(6, 4)
    y[torch.rand(80, 4) < 0.5] = float("nan")
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": over_the_measured, "optimizer": optimizer, "batch": (x, y)}
