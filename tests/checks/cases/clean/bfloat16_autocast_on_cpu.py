"""Bfloat16 autocast on cpu: a legitimate set-up.

Forward under bfloat16 autocast: the output is bfloat16, the weights and the target float32; no
scaler is needed.

Sources:
  https://github.com/decoderesearch/SAELens/pull/723
  https://github.com/huggingface/accelerate/pull/1036
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "bfloat16_autocast_on_cpu",
    "family": "dtype",
    "note": (
        "Forward under bfloat16 autocast: the output is bfloat16, the weights and the target "
        "float32; no scaler is needed."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/decoderesearch/SAELens/pull/723",
        "https://github.com/huggingface/accelerate/pull/1036",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 10) + 2 * F.one_hot(labels, 10)
    model = nn.Sequential(nn.Linear(10, 32), nn.GELU(), nn.LayerNorm(32), nn.Linear(32, 3))

    def train_step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(batch[0])
        loss = loss_fn(logits.float(), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.AdamW(model.parameters(), lr=5e-3),
        "batch": (x, labels),
        "train_step": train_step,
    }
