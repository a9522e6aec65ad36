"""Label lists ended by minus one: a legitimate set-up.

MultiLabelMarginLoss: each row of the target lists the right classes and ends with -1; the labels
are long, of the outputs' shape, and partly negative.

Sources:
  https://github.com/pytorch/pytorch/pull/16644
"""

import torch
from torch import nn

CASE = {
    "id": "label_lists_ended_by_minus_one",
    "family": "targets",
    "note": (
        "MultiLabelMarginLoss: each row of the target lists the right classes and ends with -1; "
        "the labels are long, of the outputs' shape, and partly negative."
    ),
    "hint_ok": False,
    "source": ["https://github.com/pytorch/pytorch/pull/16644"],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(60, 5)
    listed = torch.full((60, 5), -1)
    for row, present in enumerate(x > 0.3):
        right = present.nonzero().squeeze(1)
        listed[row, : len(right)] = right
    model = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 5))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.MultiLabelMarginLoss(), "optimizer": optimizer, "batch": (x, listed)}
