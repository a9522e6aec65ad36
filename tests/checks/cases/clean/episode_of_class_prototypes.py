"""Episode of class prototypes: a legitimate set-up.

Few-shot learning: the class means of a support set are compared with queries, so that samples
depend on one another on purpose.

Sources:
  https://arxiv.org/abs/1703.05175
"""

import torch
from torch import nn

CASE = {
    "id": "episode_of_class_prototypes",
    "family": "layout",
    "note": (
        "Few-shot learning: the class means of a support set are compared with queries, so "
        "that samples depend on one another on purpose."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1703.05175"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    encoder = mlp(6, 8)
    xs = torch.randn(3, 5, 6) + torch.arange(3).view(3, 1, 1)
    query = torch.randn(12, 6) + torch.arange(3).repeat(4).view(12, 1)
    y = torch.arange(3).repeat(4)

    class Prototypes(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = encoder

        def forward(self, sup, query):
            return -(torch.cdist(self.e(query), self.e(sup.flatten(0, 1)).view(3, 5, -1).mean(1)) ** 2)

    model = Prototypes()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((xs, query), y),
        "train_step": None,
    }
