"""Head alone given to the optimizer: a legitimate set-up.

A head is trained on the features of a body that is left as it is: the optimizer was given the head's
parameters only, nobody switched the body's gradients off.

Sources:
  https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "head_alone_given_to_the_optimizer",
    "family": "optim_params",
    "note": (
        "A head is trained on the features of a body that is left as it is: the optimizer was given the "
        "head's parameters only, nobody switched the body's gradients off."
    ),
    "hint_ok": True,
    "source": [
        "https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 3))
    optimizer = torch.optim.Adam(model[2].parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (x, labels)}
