"""Policy gradient by weighted log probabilities: a legitimate set-up.

REINFORCE: nll_loss picks the log-probability of each action, which is multiplied with the
action's advantage before; it may be above 0.

Sources:
  https://arxiv.org/abs/1602.01783
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "policy_gradient_by_weighted_log_probabilities",
    "family": "loss",
    "note": (
        "REINFORCE: nll_loss picks the log-probability of each action, which is multiplied with "
        "the action's advantage before; it may be above 0."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1602.01783"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x, actions, advantages = torch.randn(64, 4), torch.randint(0, 3, (64,)), torch.randn(64)
    model = mlp(4, 3)

    def train_step(model, loss_fn, optimizer, batch):
        seen, (taken, worth) = batch
        loss = F.nll_loss(F.log_softmax(model(seen), dim=1) * worth[:, None], taken)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": None,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, (actions, advantages)),
        "train_step": train_step,
    }
