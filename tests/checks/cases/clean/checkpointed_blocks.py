"""Checkpointed blocks: a legitimate set-up.

Activations are recomputed in the backward pass (use_reentrant=False): forward() of the inner blocks
runs twice per step.

Sources:
  https://github.com/pytorch/pytorch/issues/65537
  https://github.com/axolotl-ai-cloud/axolotl/pull/1021
"""

import torch
from torch import nn

CASE = {
    "id": "checkpointed_blocks",
    "family": "graph",
    "note": (
        "Activations are recomputed in the backward pass (use_reentrant=False): forward() of the "
        "inner blocks runs twice per step."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/issues/65537",
        "https://github.com/axolotl-ai-cloud/axolotl/pull/1021",
    ],
}


class Frugal(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(5, 32), nn.Linear(32, 1)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(32, 32), nn.Tanh()) for _ in range(3))

    def forward(self, x):
        hidden = self.first(x)
        for block in self.blocks:
            hidden = hidden + torch.utils.checkpoint.checkpoint(block, hidden, use_reentrant=False)
        return self.last(hidden)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(60, 5)
    y = x[:, :1] * x[:, 1:2]
    model = Frugal()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, y)}
