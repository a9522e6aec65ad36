"""Missing labels as zero between signs: a legitimate set-up.

Labels are -1 and 1, and 0 where one is missing; those are masked out of the loss.

Sources:
  https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
"""

import torch
from torch import nn

CASE = {
    "id": "missing_labels_as_zero_between_signs",
    "family": "targets",
    "note": "Labels are -1 and 1, and 0 where one is missing; those are masked out of the loss.",
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 6)
    y = torch.sign(x[:, :5]) * (torch.rand(64, 5) > 0.3)
    model = mlp(6, 5)

    def loss(output, target):
        known = target != 0
        return (nn.functional.soft_margin_loss(output, target, reduction="none") * known).sum() / known.sum()

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
