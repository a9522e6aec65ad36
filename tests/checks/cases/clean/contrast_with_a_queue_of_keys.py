"""Contrast with a queue of keys: a legitimate set-up.

Momentum contrast: the loss rises while the queue fills with keys that are hard to tell apart.

Sources:
  https://arxiv.org/abs/1911.05722
"""

import copy

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "contrast_with_a_queue_of_keys",
    "family": "graph",
    "note": ("Momentum contrast: the loss rises while the queue fills with keys that are hard to tell apart."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1911.05722"],
    "fall": -20.0,
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(8, 6)
    slow = copy.deepcopy(model).requires_grad_(False)
    keys = F.normalize(torch.randn(64, 6), dim=1)
    state = {"q": keys}

    def step(model, loss_fn, optimizer, batch):
        queries = F.normalize(model(batch[0] + 0.1 * torch.randn_like(batch[0])), dim=1)
        with torch.no_grad():
            for x, target in zip(model.parameters(), slow.parameters(), strict=True):
                target.data = target.data * 0.99 + x.data * 0.01
            positives = F.normalize(slow(batch[0]), dim=1)
        scores = torch.cat([(queries * positives).sum(1, keepdim=True), queries @ state["q"].T], 1) / 0.2
        value = F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        state["q"] = torch.cat([positives, state["q"]])[:64]
        return value

    return {
        "model": model,
        "loss_fn": None,
        "optimizer": torch.optim.SGD(model.parameters(), 0.05),
        "batch": (torch.randn(16, 8), torch.zeros(16)),
        "train_step": step,
    }
