"""Stochastic depth skips blocks: a legitimate set-up.

Residual blocks are skipped at random in training: in some steps some parameters have no gradient at
all, and two calls differ.

Sources:
  https://github.com/lucidrains/x-transformers/issues/294
  https://github.com/tensorflow/tensorflow/issues/9001
  https://github.com/liuyuisanai/trojans-face-recognizer/issues/4
"""

import torch
from torch import nn

CASE = {
    "id": "stochastic_depth_skips_blocks",
    "family": "model",
    "note": (
        "Residual blocks are skipped at random in training: in some steps some parameters have no "
        "gradient at all, and two calls differ."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/lucidrains/x-transformers/issues/294",
        "https://github.com/tensorflow/tensorflow/issues/9001",
        "https://github.com/liuyuisanai/trojans-face-recognizer/issues/4",
    ],
    "steps": 100,
}


class DeepResidual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 24), nn.Linear(24, 2)
        self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(24), nn.Linear(24, 24), nn.GELU()) for _ in range(5))

    def forward(self, x):
        hidden = self.first(x)
        for block in self.blocks:
            if not self.training or torch.rand(()) > 0.3:
                hidden = hidden + block(hidden)
        return self.last(hidden)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(80, 4)
    y = (x[:, 0] * x[:, 1] > 0).long()
    model = DeepResidual()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, y)}
