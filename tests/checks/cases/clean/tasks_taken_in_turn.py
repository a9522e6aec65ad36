"""Tasks taken in turn: a legitimate set-up.

Even steps train one head, odd steps the other: in every single step one head has no gradient, over
two steps all parameters move.

Sources:
  https://github.com/SimplexLab/TorchJD/pull/71
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "tasks_taken_in_turn",
    "family": "optim_params",
    "note": (
        "Even steps train one head, odd steps the other: in every single step one head has no "
        "gradient, over two steps all parameters move."
    ),
    "hint_ok": False,
    "source": ["https://github.com/SimplexLab/TorchJD/pull/71"],
    "steps": 80,
}


class Turns(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared, self.kind, self.size = nn.Linear(5, 24), nn.Linear(24, 3), nn.Linear(24, 1)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(60, 5)
    kinds, sizes = x[:, :3].argmax(1), x[:, 3:4] * 2
    model = Turns()
    losses = []

    def train_step(model, loss_fn, optimizer, batch):
        hidden = torch.tanh(model.shared(batch[0]))
        even = len(losses) % 2 == 0
        loss = loss_fn(model.kind(hidden), batch[1][0]) if even else F.mse_loss(model.size(hidden), batch[1][1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        return loss

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, (kinds, sizes)),
        "train_step": train_step,
    }
