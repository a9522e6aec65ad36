"""Mixed precision with unscaled clipping: a legitimate set-up.

Autocast and a GradScaler in the right order: scale, backward, unscale, clip, step, update.

Sources:
  https://pytorch.org/docs/stable/notes/amp_examples.html
"""

import torch
from torch import nn

CASE = {
    "id": "mixed_precision_with_unscaled_clipping",
    "family": "loop",
    "note": ("Autocast and a GradScaler in the right order: scale, backward, unscale, clip, step, update."),
    "hint_ok": False,
    "source": ["https://pytorch.org/docs/stable/notes/amp_examples.html"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(6, 4)
    x, y = samples()
    scaler = torch.amp.GradScaler("cpu", init_scale=128.0)

    def step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = loss_fn(model(batch[0]), batch[1])
        scaler.scale(value).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        return value

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": step,
    }
