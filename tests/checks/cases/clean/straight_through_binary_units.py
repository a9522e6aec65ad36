"""Straight through binary units: a legitimate set-up.

Binary hidden units: sign() forward, identity backward, in a custom autograd Function; the true
derivative is zero everywhere, the training works.

Sources:
  https://github.com/eladhoffer/quantized.pytorch/issues/5
  https://github.com/kornia/kornia/pull/1666
  https://github.com/pytorch/pytorch/issues/72772
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "straight_through_binary_units",
    "family": "graph",
    "note": (
        "Binary hidden units: sign() forward, identity backward, in a custom autograd Function; "
        "the true derivative is zero everywhere, the training works."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/eladhoffer/quantized.pytorch/issues/5",
        "https://github.com/kornia/kornia/pull/1666",
        "https://github.com/pytorch/pytorch/issues/72772",
    ],
}


class Binary(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, slope):
        (x,) = ctx.saved_tensors
        return slope * (x.abs() <= 1)


class BinaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(6, 48), nn.Linear(48, 3)

    def forward(self, x):
        return self.out(Binary.apply(self.hidden(x)))


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(72) % 3
    x = torch.randn(72, 6) + 2 * F.one_hot(labels, 6)
    model = BinaryNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}
