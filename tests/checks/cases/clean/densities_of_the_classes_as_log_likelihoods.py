"""Densities of the classes as log likelihoods: a legitimate set-up.

A generative classifier: nll_loss is given each class's log-density at the sample, which may
well exceed 0.

Sources:
  Bishop (2006), Pattern Recognition and Machine Learning, section 4.2
"""

import math

import torch
from torch import nn

CASE = {
    "id": "densities_of_the_classes_as_log_likelihoods",
    "family": "loss",
    "note": (
        "A generative classifier: nll_loss is given each class's log-density at the sample, which may well exceed 0."
    ),
    "hint_ok": True,
    "source": ["Bishop (2006), Pattern Recognition and Machine Learning, section 4.2"],
}


class Gaussians(nn.Module):
    def __init__(self):
        super().__init__()
        self.means = nn.Parameter(torch.randn(3, 2) * 0.3)
        self.log_scales = nn.Parameter(torch.full((3, 2), -1.5))

    def forward(self, x):
        away = (x[:, None] - self.means) / self.log_scales.exp()
        return (-0.5 * away**2 - self.log_scales - 0.5 * math.log(2 * math.pi)).sum(-1)


def build(seed=0):
    torch.manual_seed(seed)
    y = torch.arange(90) % 3
    x = 0.1 * torch.randn(90, 2) + torch.eye(3, 2)[y]
    model = Gaussians()
    return {
        "model": model,
        "loss_fn": nn.NLLLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
        "train_step": None,
    }
