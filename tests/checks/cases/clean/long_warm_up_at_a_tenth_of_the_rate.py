"""Long warm up at a tenth of the rate: a legitimate set-up.

The rate is a tenth, which happens to be the rate itself, for 5,000 steps, and whole from then
on.

Sources:
  https://arxiv.org/abs/1706.02677
"""

import torch
from torch import nn

CASE = {
    "id": "long_warm_up_at_a_tenth_of_the_rate",
    "family": "scheduler",
    "note": ("The rate is a tenth, which happens to be the rate itself, for 5,000 steps, and whole from then on."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1706.02677"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = mlp(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.1 if step < 5000 else 1.0)

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": optimizer,
        "batch": (x, y),
        "train_step": None,
        "scheduler": scheduler,
    }
