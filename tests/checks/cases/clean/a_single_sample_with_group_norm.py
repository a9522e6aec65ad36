"""A single sample with group norm: a legitimate set-up.

Batch size one, as large pictures force it: GroupNorm needs no other sample.

Sources:
  https://github.com/backseason/PoolNet/issues/30
  https://github.com/meetps/pytorch-semseg/issues/214
"""

import torch
from torch import nn

CASE = {
    "id": "a_single_sample_with_group_norm",
    "family": "batch",
    "note": ("Batch size one, as large pictures force it: GroupNorm needs no other sample."),
    "hint_ok": False,
    "source": [
        "https://github.com/backseason/PoolNet/issues/30",
        "https://github.com/meetps/pytorch-semseg/issues/214",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    picture = torch.rand(1, 3, 24, 24)
    edges = (picture.mean(1, keepdim=True) > 0.5).float()
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.GroupNorm(4, 16),
        nn.SiLU(),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.GroupNorm(4, 16),
        nn.SiLU(),
        nn.Conv2d(16, 1, 1),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.BCEWithLogitsLoss(), "optimizer": optimizer, "batch": (picture, edges)}
