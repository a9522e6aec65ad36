"""Clipped while still scaled.

What is wrong: The gradients are clipped to 1 while they are still scaled by 1,024, and divided
afterwards.

Symptom on torch 2.13: no exception and no warning.

Repair: scaler.unscale_(optimizer) before clipping.

Sources:
  https://github.com/pytorch/examples/issues/1196
  https://github.com/Lightning-AI/pytorch-lightning/issues/9330
  https://github.com/milesial/Pytorch-UNet/pull/470
"""

import torch
from torch import nn

CASE = {
    "id": "clipped_while_still_scaled",
    "family": "loop",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": ("The gradients are clipped to 1 while they are still scaled by 1,024, and divided afterwards."),
        "fix": "scaler.unscale_(optimizer) before clipping.",
    },
    "source": [
        "https://github.com/pytorch/examples/issues/1196",
        "https://github.com/Lightning-AI/pytorch-lightning/issues/9330",
        "https://github.com/milesial/Pytorch-UNet/pull/470",
    ],
    "evidence": {"kind": "custom"},
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def make(seed, wrong):
    torch.manual_seed(seed)
    x, y = samples()
    model = mlp(6, 4)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def step(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            value = loss_fn(model(batch[0]), batch[1])
        scaler.scale(value).backward()
        if not wrong:
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


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)


def evidence():
    sizes = []
    for setup in (build(), fixed()):
        plain = torch.optim.SGD(setup["model"].parameters(), lr=1.0)
        before = [parameter.detach().clone() for parameter in setup["model"].parameters()]
        setup["train_step"](setup["model"], setup["loss_fn"], plain, setup["batch"])
        moved = [now.detach() - old for now, old in zip(setup["model"].parameters(), before, strict=True)]
        sizes.append(torch.linalg.vector_norm(torch.cat([each.flatten() for each in moved])).item())
    return sizes[0] < 0.01 * sizes[1], f"a step is {sizes[0]} long (mended {sizes[1]})"
