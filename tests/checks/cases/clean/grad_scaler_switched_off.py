"""Grad scaler switched off: a legitimate set-up.

The usual mixed-precision loop with its scaler disabled, as it runs on a machine without a GPU:
unscale, clip, scaler.step, scaler.update.

Sources:
  https://github.com/karpathy/nanoGPT/pull/106
  https://github.com/karpathy/nanoGPT/pull/481
"""

import torch
from torch import nn

CASE = {
    "id": "grad_scaler_switched_off",
    "family": "loop",
    "note": (
        "The usual mixed-precision loop with its scaler disabled, as it runs on a machine without "
        "a GPU: unscale, clip, scaler.step, scaler.update."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/karpathy/nanoGPT/pull/106",
        "https://github.com/karpathy/nanoGPT/pull/481",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 5)
    y = torch.sin(x[:, :1]) + x[:, 1:2]
    model = nn.Sequential(nn.Linear(5, 32), nn.SiLU(), nn.Linear(32, 1))
    scaler = torch.amp.GradScaler("cpu", enabled=False)

    def train_step(model, loss_fn, optimizer, batch):
        with torch.autocast("cpu", enabled=False):
            loss = loss_fn(model(batch[0]), batch[1])
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
        return loss

    return {
        "model": model,
        "loss_fn": nn.SmoothL1Loss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
        "train_step": train_step,
    }
