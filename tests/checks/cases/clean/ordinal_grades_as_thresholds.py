"""Ordinal grades as thresholds: a legitimate set-up.

Five ordered grades as four yes-no questions: one shared score plus four thresholds, targets made
inside the loss by comparing (N,1) with (1,4).

Sources:
  https://github.com/Raschka-research-group/coral-pytorch/issues/7
  https://github.com/ck37/coral-ordinal/issues/25
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "ordinal_grades_as_thresholds",
    "family": "loss",
    "note": (
        "Five ordered grades as four yes-no questions: one shared score plus four thresholds, "
        "targets made inside the loss by comparing (N,1) with (1,4)."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/Raschka-research-group/coral-pytorch/issues/7",
        "https://github.com/ck37/coral-ordinal/issues/25",
    ],
}


class Grader(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 1, bias=False))
        self.thresholds = nn.Parameter(torch.tensor([1.5, 0.5, -0.5, -1.5]))

    def forward(self, x):
        return self.score(x) + self.thresholds


def over_thresholds(scores, grades):
    passed = (grades.unsqueeze(1) > torch.arange(4)).float()
    return F.binary_cross_entropy_with_logits(scores, passed)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(120, 4)
    grades = torch.bucketize(x[:, 0] + 0.5 * x[:, 1], torch.tensor([-1.0, -0.3, 0.3, 1.0]))
    model = Grader()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    return {"model": model, "loss_fn": over_thresholds, "optimizer": optimizer, "batch": (x, grades)}
