"""Student begins as a copy of its teacher: a legitimate set-up.

The teacher is a moving average of the student and a copy of it at first: at the first step
their embeddings are equal.

Sources:
  https://arxiv.org/abs/2006.07733
"""

import copy

import torch
from torch import nn

CASE = {
    "id": "student_begins_as_a_copy_of_its_teacher",
    "family": "loss",
    "note": (
        "The teacher is a moving average of the student and a copy of it at first: at the first "
        "step their embeddings are equal."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2006.07733"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 6)
    model = mlp(6, 8)
    teacher = copy.deepcopy(model).requires_grad_(False)

    def train_step(model, loss_fn, optimizer, batch):
        output = model(batch[0])
        with torch.no_grad():
            wanted = teacher(batch[0])
        apart = (output @ output.t() - torch.eye(len(output))).square().mean()
        loss = loss_fn(output, wanted, torch.ones(len(output))) + apart
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(teacher.parameters(), model.parameters(), strict=True):
                slow.lerp_(fast, 0.01)
        return loss

    return {
        "model": model,
        "loss_fn": nn.CosineEmbeddingLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, torch.zeros(64)),
        "train_step": train_step,
    }
