"""Gradient accumulation over chunks: a legitimate set-up.

Four backward passes before one step, each loss divided by four; zero_grad comes once, after the
step.

Sources:
  https://github.com/karpathy/nanoGPT/issues/168
  https://github.com/huggingface/transformers/issues/26312
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "gradient_accumulation_over_chunks",
    "family": "loop",
    "note": ("Four backward passes before one step, each loss divided by four; zero_grad comes once, after the step."),
    "hint_ok": False,
    "source": [
        "https://github.com/karpathy/nanoGPT/issues/168",
        "https://github.com/huggingface/transformers/issues/26312",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(64) % 4
    x = torch.randn(64, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 4))

    def train_step(model, loss_fn, optimizer, batch):
        total = 0.0
        for features, target in zip(batch[0].chunk(4), batch[1].chunk(4), strict=True):
            loss = loss_fn(model(features), target) / 4
            loss.backward()
            total += loss.detach()
        optimizer.step()
        optimizer.zero_grad()
        return total

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.3),
        "batch": (x, labels),
        "train_step": train_step,
    }
