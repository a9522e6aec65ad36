"""Conditional random field: a legitimate set-up.

The likelihood of a tag sequence by the forward algorithm, written by hand in the step; there is
no loss function.

Sources:
  https://arxiv.org/abs/1508.01991
"""

import torch
from torch import nn

CASE = {
    "id": "conditional_random_field",
    "family": "loss",
    "note": (
        "The likelihood of a tag sequence by the forward algorithm, written by hand in the "
        "step; there is no loss function."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1508.01991"],
}


def build(seed=0):
    torch.manual_seed(seed)

    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.e = nn.Linear(5, 3)
            self.T = nn.Parameter(torch.zeros(3, 3))

        def forward(self, x):
            return self.e(x)

    model = Tagger()
    x = torch.randn(12, 6, 5)
    y = x[:, :, :3].argmax(2)

    def step(model, loss_fn, optimizer, batch):
        scores = model(batch[0])
        tags = batch[1]
        paths = scores[:, 0]
        for place in range(1, 6):
            paths = torch.logsumexp(paths.unsqueeze(2) + model.T, 1) + scores[:, place]
        path = scores.gather(2, tags.unsqueeze(2)).sum((1, 2)) + model.T[tags[:, :-1], tags[:, 1:]].sum(1)
        value = (paths.logsumexp(1) - path).mean()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

    return {
        "model": model,
        "loss_fn": None,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": step,
    }
