"""Outputs drawn to one prior: a legitimate set-up.

Every sample's distribution is drawn to the same prior, one row for all samples.

Sources:
  https://arxiv.org/abs/1701.06548
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "outputs_drawn_to_one_prior",
    "family": "broadcast",
    "note": "Every sample's distribution is drawn to the same prior, one row for all samples.",
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1701.06548"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(32, 6)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model, prior = mlp(6, 4), torch.full((4,), 0.25)

    def loss(output, target):
        drawn = F.kl_div(output.log_softmax(1), prior, reduction="batchmean")
        return F.cross_entropy(output, target) + 0.1 * drawn

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
