"""Rate of one times a schedule: a legitimate set-up.

Adam with a learning rate of 1, of which LambdaLR leaves a thousandth: the transformer's warm-up.

Sources:
  https://arxiv.org/abs/1706.03762
"""

import torch
from torch import nn

CASE = {
    "id": "rate_of_one_times_a_schedule",
    "family": "schedule",
    "note": ("Adam with a learning rate of 1, of which LambdaLR leaves a thousandth: the transformer's warm-up."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1706.03762"],
    "fall": -0.5,
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
    rule = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-09)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": rule,
        "batch": (x, y),
        "train_step": None,
        "scheduler": torch.optim.lr_scheduler.LambdaLR(
            rule, lambda step: 64 ** (-0.5) * min((step + 1) ** (-0.5), (step + 1) * 100 ** (-1.5))
        ),
    }
