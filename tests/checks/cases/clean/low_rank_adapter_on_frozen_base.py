"""Low rank adapter on frozen base: a legitimate set-up.

LoRA: the base weights are frozen, B starts at zero, so that in the first step A gets a gradient of
exactly zero and stays where it is; the second step moves it.

Sources:
  https://github.com/microsoft/LoRA/issues/98
  https://github.com/Guitaricet/relora/issues/18
  https://github.com/hao-ai-lab/FastVideo/pull/781
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "low_rank_adapter_on_frozen_base",
    "family": "init_act",
    "note": (
        "LoRA: the base weights are frozen, B starts at zero, so that in the first step A gets a "
        "gradient of exactly zero and stays where it is; the second step moves it."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/microsoft/LoRA/issues/98",
        "https://github.com/Guitaricet/relora/issues/18",
        "https://github.com/hao-ai-lab/FastVideo/pull/781",
    ],
}


class Adapted(nn.Module):
    def __init__(self, base, rank):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + x @ self.a.T @ self.b.T


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 8) + 2 * F.one_hot(labels, 8)
    model = nn.Sequential(Adapted(nn.Linear(8, 32), 2), nn.ReLU(), Adapted(nn.Linear(32, 3), 2))
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=0.02, weight_decay=0.0)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}
