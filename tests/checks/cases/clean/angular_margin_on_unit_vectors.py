"""Angular margin on unit vectors: a legitimate set-up.

ArcFace: cosines are turned into angles, a margin is added to the true class's, and the scores are
scaled.

Sources:
  https://arxiv.org/abs/1801.07698
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "angular_margin_on_unit_vectors",
    "family": "loss",
    "note": (
        "ArcFace: cosines are turned into angles, a margin is added to the true class's, and the scores are scaled."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1801.07698"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def build(seed=0):
    torch.manual_seed(seed)

    class Angular(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = mlp(6, 8)
            self.w = nn.Parameter(torch.randn(4, 8))

        def forward(self, x):
            return F.normalize(self.e(x), dim=1) @ F.normalize(self.w, dim=1).T

    model = Angular()
    x, y = samples()

    def loss(cosines, t):
        angles = torch.acos(cosines.clamp(-1 + 1e-06, 1 - 1e-06))
        cosines = torch.where(F.one_hot(t, 4).bool(), torch.cos(angles + 0.3), cosines)
        return F.cross_entropy(16 * cosines, t)

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
