"""Residual branches start at zero: a legitimate set-up.

The last layer of every residual branch, and the head, start at zero: in the first step most
parameters get a gradient of exactly zero, from the third on all of them move.

Sources:
  https://github.com/ckczzj/PDAE/issues/3
  https://github.com/smallflyingpig/universal_adversarial_perturbation_generative_network_for_speaker_recognition/issues/4
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "residual_branches_start_at_zero",
    "family": "init_act",
    "note": (
        "The last layer of every residual branch, and the head, start at zero: in the first step "
        "most parameters get a gradient of exactly zero, from the third on all of them move."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/ckczzj/PDAE/issues/3",
        "https://github.com/smallflyingpig/universal_adversarial_perturbation_generative_network_for_speaker_recognition/issues/4",
    ],
}


class Branch(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x):
        return x + self.down(F.gelu(self.up(x)))


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(80) % 4
    x = torch.randn(80, 12) + 1.5 * F.one_hot(labels, 12)
    head = nn.Linear(12, 4)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    model = nn.Sequential(Branch(12), Branch(12), Branch(12), head)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}
