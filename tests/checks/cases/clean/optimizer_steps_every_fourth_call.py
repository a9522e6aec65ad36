"""Optimizer steps every fourth call: a legitimate set-up.

Gradient accumulation across calls: three calls of four end without optimizer.step() and without
zero_grad(), the weights move at the fourth.

Sources:
  https://github.com/karpathy/nanoGPT/issues/605
  https://github.com/NVIDIA/DeepLearningExamples/issues/625
  https://github.com/facebookresearch/fairseq/issues/5256
"""

import torch
from torch import nn

CASE = {
    "id": "optimizer_steps_every_fourth_call",
    "family": "loop",
    "note": (
        "Gradient accumulation across calls: three calls of four end without optimizer.step() and "
        "without zero_grad(), the weights move at the fourth."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/karpathy/nanoGPT/issues/605",
        "https://github.com/NVIDIA/DeepLearningExamples/issues/625",
        "https://github.com/facebookresearch/fairseq/issues/5256",
    ],
    "steps": 80,
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(48, 5)
    y = x @ torch.randn(5, 2)
    model = nn.Linear(5, 2)
    calls = []

    def train_step(model, loss_fn, optimizer, batch):
        part = slice(len(calls) % 4, None, 4)
        loss = loss_fn(model(batch[0][part]), batch[1][part])
        (loss / 4).backward()
        calls.append(loss.item())
        if len(calls) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.1),
        "batch": (x, y),
        "train_step": train_step,
    }
