"""Never back to training mode.

What is wrong: A validation at the end of every step switches to eval() and nobody switches back:
from the second step on dropout is off and BatchNorm uses its half-filled running statistics.

Symptom on torch 2.13: no exception and no warning.

Repair: model.train() at the start of every training step.

Sources:
  https://github.com/fartashf/vsepp/issues/4
  https://github.com/tk-rusch/coRNN/issues/1
  https://github.com/wkentaro/pytorch-fcn/issues/57
  https://github.com/pytorch/tutorials/issues/1624
"""

import torch
from torch import nn

CASE = {
    "id": "never_back_to_training_mode",
    "family": "mode",
    "symptom": "silent",
    "severity": "medium",
    "needs_steps": 2,
    "expected": {
        "cause": (
            "A validation at the end of every step switches to eval() and nobody switches back: from "
            "the second step on dropout is off and BatchNorm uses its half-filled running statistics."
        ),
        "fix": "model.train() at the start of every training step.",
    },
    "source": [
        "https://github.com/fartashf/vsepp/issues/4",
        "https://github.com/tk-rusch/coRNN/issues/1",
        "https://github.com/wkentaro/pytorch-fcn/issues/57",
        "https://github.com/pytorch/tutorials/issues/1624",
    ],
    "evidence": {
        "kind": "custom",
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(64, 5) * 3 + 10
    y = (x[:, :1] > 10).float()
    model = nn.Sequential(nn.Linear(5, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Dropout(0.2), nn.Linear(24, 1))

    def validate(model):
        model.eval()
        with torch.no_grad():
            return ((model(x) > 0) == (y > 0)).float().mean()

    def train_step(model, loss_fn, optimizer, batch):
        if mended:
            model.train()
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        validate(model)
        return loss

    return {
        "model": model,
        "loss_fn": nn.BCEWithLogitsLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": train_step,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def evidence():
    counts = []
    for setup in (build(), fixed()):
        for _ in range(5):
            setup["train_step"](setup["model"], setup["loss_fn"], setup["optimizer"], setup["batch"])
        counts.append(int(setup["model"][1].num_batches_tracked))
    return counts == [1, 5], f"BatchNorm saw {counts[0]} of 5 batches (mended {counts[1]})"
