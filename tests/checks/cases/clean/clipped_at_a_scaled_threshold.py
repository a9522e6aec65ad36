"""Clipped at a scaled threshold: a legitimate set-up.

Scaled gradients are clipped at the threshold times the scale, which is the same as clipping
after the division.

Sources:
  https://docs.pytorch.org/docs/stable/notes/amp_examples.html
"""

import torch
from torch import nn

CASE = {
    "id": "clipped_at_a_scaled_threshold",
    "family": "loop",
    "note": (
        "Scaled gradients are clipped at the threshold times the scale, which is the same as "
        "clipping after the division."
    ),
    "hint_ok": False,
    "source": ["https://docs.pytorch.org/docs/stable/notes/amp_examples.html"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = mlp(4, 1)
    scaler = torch.amp.GradScaler("cpu")

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        scaler.scale(loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0 * scaler.get_scale())
        scaler.step(optimizer)
        scaler.update()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": train_step,
    }
