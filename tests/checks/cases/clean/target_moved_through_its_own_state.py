"""Target moved through its own state: a legitimate set-up.

A target network's state is taken, moved a little in place and loaded again: the loading alters
nothing, the moving does.

Sources:
  https://arxiv.org/abs/1509.02971
"""

import copy

import torch
from torch import nn

CASE = {
    "id": "target_moved_through_its_own_state",
    "family": "loop",
    "note": (
        "A target network's state is taken, moved a little in place and loaded again: the loading "
        "alters nothing, the moving does."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1509.02971"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = mlp(4, 1)
    target = copy.deepcopy(model).requires_grad_(False)

    def train_step(model, loss_fn, optimizer, batch):
        with torch.no_grad():
            wanted = batch[1] + 0.5 * target(batch[0])
        loss = loss_fn(model(batch[0]), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slow, fast = target.state_dict(), model.state_dict()
        for name in slow:
            slow[name].mul_(0.9).add_(0.1 * fast[name])
        target.load_state_dict(slow)
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": train_step,
    }
