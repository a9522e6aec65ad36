"""Tasks weighted by learned uncertainty: a legitimate set-up.

The loss module owns two log-variances, which are in the optimizer together with the network's
parameters; the weighted sum passes below zero.

Sources:
  https://github.com/wayveai/fiery/issues/15
  https://github.com/ifzhang/FairMOT/issues/19
  https://github.com/lorenmt/mtan/issues/51
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "tasks_weighted_by_learned_uncertainty",
    "family": "optim_params",
    "note": (
        "The loss module owns two log-variances, which are in the optimizer together with the "
        "network's parameters; the weighted sum passes below zero."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/wayveai/fiery/issues/15",
        "https://github.com/ifzhang/FairMOT/issues/19",
        "https://github.com/lorenmt/mtan/issues/51",
    ],
    "steps": 100,
}


class Weighted(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_variance = nn.Parameter(torch.zeros(2))

    def forward(self, output, target):
        losses = torch.stack([F.mse_loss(output[:, task], target[:, task]) for task in range(2)])
        return (0.5 * losses / self.log_variance.exp() + 0.5 * self.log_variance).sum()


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(90, 4)
    y = torch.stack([x[:, 0] + x[:, 1], 0.1 * x[:, 2]], dim=1)
    model, loss_fn = nn.Sequential(nn.Linear(4, 24), nn.Tanh(), nn.Linear(24, 2)), Weighted()
    optimizer = torch.optim.Adam([*model.parameters(), *loss_fn.parameters()], lr=0.03)
    return {"model": model, "loss_fn": loss_fn, "optimizer": optimizer, "batch": (x, y)}
