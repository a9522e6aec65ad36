"""Variance as a sum of positive variances: a legitimate set-up.

Local reparametrisation: the outputs' variance is a linear layer of squared inputs whose weights
are positive, so that no activation follows it.

Sources:
  https://arxiv.org/abs/1506.02557
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "variance_as_a_sum_of_positive_variances",
    "family": "loss",
    "note": (
        "Local reparametrisation: the outputs' variance is a linear layer of squared inputs whose "
        "weights are positive, so that no activation follows it."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1506.02557"],
}


class Bayesian(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = nn.Parameter(torch.randn(1, 4) * 0.1)
        self.raw = nn.Parameter(torch.full((1, 4), -1.0))

    def forward(self, x):
        return F.linear(x, self.mean), F.linear(x**2, F.softplus(self.raw) ** 2, torch.tensor([0.01]))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] + 0.1 * torch.randn(64, 1)
    model = Bayesian()
    return {
        "model": model,
        "loss_fn": lambda output, target: F.gaussian_nll_loss(output[0], target, output[1]),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
