"""Distillation from frozen teacher: a legitimate set-up.

The teacher sits inside the loss, frozen and in eval mode, its dropout off; its parameters are in no
optimizer and get no gradient.

Sources:
  https://github.com/huggingface/transformers/issues/12299
  https://github.com/huggingface/transformers/issues/1181
  https://github.com/vrvlive/knowlege-distillation/issues/2
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "distillation_from_frozen_teacher",
    "family": "graph",
    "note": (
        "The teacher sits inside the loss, frozen and in eval mode, its dropout off; its "
        "parameters are in no optimizer and get no gradient."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/huggingface/transformers/issues/12299",
        "https://github.com/huggingface/transformers/issues/1181",
        "https://github.com/vrvlive/knowlege-distillation/issues/2",
    ],
    "steps": 80,
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(80, 6)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    teacher = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 3))
    teacher.eval().requires_grad_(False)
    student = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3))
    heat = 3.0

    def train_step(model, loss_fn, optimizer, batch):
        features, labels = batch
        logits = model(features)
        with torch.no_grad():
            wanted = F.softmax(teacher(features) / heat, dim=1)
        soft = F.kl_div(F.log_softmax(logits / heat, dim=1), wanted, reduction="batchmean") * heat**2
        loss = 0.5 * loss_fn(logits, labels) + 0.5 * soft
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": student,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(student.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": train_step,
    }
