"""Sharpness aware two passes: a legitimate set-up.

SAM: climb to the neighbour with the highest loss, take the gradient there, go back, step with it;
two backward passes and hand-written weight changes per step.

Sources:
  https://github.com/davda54/sam/issues/8
  https://github.com/skorch-dev/skorch/issues/785
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "sharpness_aware_two_passes",
    "family": "loop",
    "note": (
        "SAM: climb to the neighbour with the highest loss, take the gradient there, go back, "
        "step with it; two backward passes and hand-written weight changes per step."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/davda54/sam/issues/8",
        "https://github.com/skorch-dev/skorch/issues/785",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 5) + 2 * F.one_hot(labels, 5)
    model = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 3))

    def train_step(model, loss_fn, optimizer, batch):
        weights = list(model.parameters())
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        norm = torch.stack([w.grad.norm() for w in weights]).norm()
        with torch.no_grad():
            climb = [w.grad * (0.05 / (norm + 1e-12)) for w in weights]
            for weight, shift in zip(weights, climb, strict=True):
                weight.add_(shift)
        optimizer.zero_grad()
        loss_fn(model(batch[0]), batch[1]).backward()
        with torch.no_grad():
            for weight, shift in zip(weights, climb, strict=True):
                weight.sub_(shift)
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9),
        "batch": (x, labels),
        "train_step": train_step,
    }
