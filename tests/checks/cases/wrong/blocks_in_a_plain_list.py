"""Blocks in a plain list.

What is wrong: The hidden layers sit in a Python list, which nn.Module does not look into:
parameters() holds only the first and the last layer, the rest never train.

Symptom on torch 2.13: no exception and no warning.

Repair: self.blocks = nn.ModuleList(...).

Sources:
  https://github.com/pytorch/pytorch/issues/666
  https://github.com/pytorch/pytorch/issues/715
  https://github.com/pytorch/pytorch/issues/59925
  https://github.com/twitter/the-algorithm-ml/pull/136
"""

import torch
from torch import nn

CASE = {
    "id": "blocks_in_a_plain_list",
    "family": "optim_params",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The hidden layers sit in a Python list, which nn.Module does not look into: parameters() "
            "holds only the first and the last layer, the rest never train."
        ),
        "fix": "self.blocks = nn.ModuleList(...).",
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/666",
        "https://github.com/pytorch/pytorch/issues/715",
        "https://github.com/pytorch/pytorch/issues/59925",
        "https://github.com/twitter/the-algorithm-ml/pull/136",
    ],
    "evidence": {
        "kind": "custom",
    },
}


class Deep(nn.Module):
    def __init__(self, registered):
        super().__init__()
        self.first, self.last = nn.Linear(4, 16), nn.Linear(16, 1)
        blocks = [nn.Linear(16, 16) for _ in range(3)]
        self.blocks = nn.ModuleList(blocks) if registered else blocks

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        for block in self.blocks:
            hidden = torch.relu(block(hidden))
        return self.last(hidden)


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * x[:, 1:2]
    model = Deep(registered=mended)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def evidence():
    moved = []
    for setup in (build(), fixed()):
        hidden = setup["model"].blocks[1].weight
        before = hidden.detach().clone()
        for _ in range(4):
            setup["optimizer"].zero_grad()
            setup["loss_fn"](setup["model"](setup["batch"][0]), setup["batch"][1]).backward()
            setup["optimizer"].step()
        moved.append((hidden - before).abs().max().item())
    return moved[0] == 0 < moved[1], f"the second block moved by {moved[0]} (mended {moved[1]})"
