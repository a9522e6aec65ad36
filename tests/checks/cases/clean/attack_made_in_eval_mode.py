"""Attack made in eval mode: a legitimate set-up.

Adversarial training: the inputs are moved against the network in eval mode, with a backward pass of its own whose
gradients are erased, and the network is then trained on them in training mode.

Sources:
  https://arxiv.org/abs/1706.06083
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "attack_made_in_eval_mode",
    "family": "mode",
    "note": (
        "Adversarial training: the inputs are moved against the network in eval mode, with a backward pass of its "
        "own whose gradients are erased, and the network is then trained on them in training mode."
    ),
    "hint_ok": False,
    "source": [
        "https://arxiv.org/abs/1706.06083",
    ],
}


def attacked(model, loss_fn, x, labels):
    model.eval()
    moved = x.clone().requires_grad_()
    loss_fn(model(moved), labels).backward()
    model.train()
    return (moved + 0.05 * moved.grad.sign()).detach()


def train_step(model, loss_fn, optimizer, batch):
    x = attacked(model, loss_fn, *batch)
    optimizer.zero_grad()
    loss = loss_fn(model(x), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Sequential(nn.Linear(6, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": optimizer,
        "batch": (x, labels),
        "train_step": train_step,
    }
