"""Self distillation with momentum target: a legitimate set-up.

BYOL: two views, a predictor on one side, stop-gradient and a momentum copy on the other; the copy
is a submodule that no optimizer owns and that never gets a gradient.

Sources:
  https://github.com/nttcslab/byol-a/issues/7
  https://github.com/p-christ/Deep-Reinforcement-Learning-Algorithms-with-PyTorch/issues/82
"""

import copy

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "self_distillation_with_momentum_target",
    "family": "graph",
    "note": (
        "BYOL: two views, a predictor on one side, stop-gradient and a momentum copy on the "
        "other; the copy is a submodule that no optimizer owns and that never gets a gradient."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/nttcslab/byol-a/issues/7",
        "https://github.com/p-christ/Deep-Reinforcement-Learning-Algorithms-with-PyTorch/issues/82",
    ],
}


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.online = nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 8))
        self.predictor = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))
        self.slow = copy.deepcopy(self.online).requires_grad_(False)

    def forward(self, first, second):
        with torch.no_grad():
            goal = self.slow(second)
        return self.predictor(self.online(first)), goal


def build(seed=0):
    torch.manual_seed(seed)
    base = torch.randn(64, 10)
    model = Pair()
    owned = [*model.online.parameters(), *model.predictor.parameters()]

    def train_step(model, loss_fn, optimizer, batch):
        guess, goal = model(batch[0] + 0.1 * torch.randn(64, 10), batch[1] + 0.1 * torch.randn(64, 10))
        loss = loss_fn(guess, goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(model.slow.parameters(), model.online.parameters(), strict=True):
                slow.lerp_(fast, 0.01)
        return loss

    return {
        "model": model,
        "loss_fn": lambda guess, goal: 2 - 2 * F.cosine_similarity(guess, goal).mean(),
        "optimizer": torch.optim.Adam(owned, lr=5e-3),
        "batch": (base, base),
        "train_step": train_step,
    }
