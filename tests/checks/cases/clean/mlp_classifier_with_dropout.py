"""Mlp classifier with dropout: a legitimate set-up.

Plain classifier with dropout: two calls in training mode differ, the loss is noisy, all is well.

Sources:
  https://github.com/ageron/handson-ml2/issues/70
  https://github.com/udacity/deep-learning-v2-pytorch/issues/3
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "mlp_classifier_with_dropout",
    "family": "model",
    "note": ("Plain classifier with dropout: two calls in training mode differ, the loss is noisy, all is well."),
    "hint_ok": False,
    "source": [
        "https://github.com/ageron/handson-ml2/issues/70",
        "https://github.com/udacity/deep-learning-v2-pytorch/issues/3",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(90) % 3
    features = torch.randn(90, 8) + 2.5 * F.one_hot(labels, 8)
    model = nn.Sequential(
        nn.Linear(8, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 3)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (features, labels)}
