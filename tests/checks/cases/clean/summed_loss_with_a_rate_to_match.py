"""Summed loss with a rate to match: a legitimate set-up.

reduction='sum' over 200 samples and a learning rate 200 times smaller: the same steps as with the
mean, the numbers just look large.

Sources:
  https://github.com/wiseodd/generative-models/issues/40
"""

import torch
from torch import nn

CASE = {
    "id": "summed_loss_with_a_rate_to_match",
    "family": "hyper",
    "note": (
        "reduction='sum' over 200 samples and a learning rate 200 times smaller: the same steps "
        "as with the mean, the numbers just look large."
    ),
    "hint_ok": False,
    "source": ["https://github.com/wiseodd/generative-models/issues/40"],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(200, 6)
    y = x @ torch.randn(6, 1) + 2
    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1 / 200)
    return {"model": model, "loss_fn": nn.MSELoss(reduction="sum"), "optimizer": optimizer, "batch": (x, y)}
