"""All in eval but the head: a legitimate set-up.

Everything was put into eval mode and the head, which has dropout, back into training mode.

Sources:
  https://github.com/ultralytics/ultralytics/pull/8753
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "all_in_eval_but_the_head",
    "family": "mode",
    "note": ("Everything was put into eval mode and the head, which has dropout, back into training mode."),
    "hint_ok": False,
    "source": [
        "https://github.com/ultralytics/ultralytics/pull/8753",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    body = nn.Sequential(nn.Linear(6, 48), nn.BatchNorm1d(48), nn.ReLU())
    model = nn.Sequential(body, nn.Sequential(nn.Dropout(0.1), nn.Linear(48, 3))).eval()
    model[1].train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}
