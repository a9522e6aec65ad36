"""Frozen backbone batchnorm in eval: a legitimate set-up.

A pretrained backbone is frozen and its train() keeps BatchNorm in eval mode; only the head is
trainable, the optimizer was given everything.

Sources:
  https://github.com/ultralytics/ultralytics/pull/8753
  https://github.com/GaTech-RL2/EgoVerse/pull/652
  https://github.com/open-mmlab/mmsegmentation/issues/2447
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "frozen_backbone_batchnorm_in_eval",
    "family": "mode",
    "note": (
        "A pretrained backbone is frozen and its train() keeps BatchNorm in eval mode; only the "
        "head is trainable, the optimizer was given everything."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/ultralytics/ultralytics/pull/8753",
        "https://github.com/GaTech-RL2/EgoVerse/pull/652",
        "https://github.com/open-mmlab/mmsegmentation/issues/2447",
    ],
}


class FineTuned(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(6, 48), nn.BatchNorm1d(48), nn.ReLU())
        self.head = nn.Linear(48, 3)
        self.backbone.requires_grad_(False)

    def train(self, mode=True):
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, x):
        return self.head(self.backbone(x))


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model = FineTuned().train()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, labels),
    }
