"""Attention over the batch.

What is wrong: The encoder layer is built without batch_first=True but fed (batch, position,
feature): every position attends to the other sentences of the batch.

Symptom on torch 2.13: no exception and no warning.

Repair: nn.TransformerEncoderLayer(..., batch_first=True).

Sources:
  https://github.com/om-ai-lab/OmDet/issues/19
  https://github.com/IBM/TabFormer/pull/14
  https://github.com/aipixel/AEMatter/issues/3
  https://github.com/kyegomez/movie-gen/issues/8
"""

import torch
from torch import nn

CASE = {
    "id": "attention_over_the_batch",
    "family": "layout",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The encoder layer is built without batch_first=True but fed (batch, position, feature): "
            "every position attends to the other sentences of the batch."
        ),
        "fix": "nn.TransformerEncoderLayer(..., batch_first=True).",
    },
    "source": [
        "https://github.com/om-ai-lab/OmDet/issues/19",
        "https://github.com/IBM/TabFormer/pull/14",
        "https://github.com/aipixel/AEMatter/issues/3",
        "https://github.com/kyegomez/movie-gen/issues/8",
    ],
    "evidence": {
        "kind": "leak",
    },
}


class Encoder(nn.Module):
    def __init__(self, batch_first):
        super().__init__()
        self.lift = nn.Linear(3, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=batch_first)
        self.head = nn.Linear(16, 1)

    def forward(self, x):
        return self.head(self.layer(self.lift(x)).mean(1))


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(24, 6, 3)
    y = x[:, :, 0].amax(1, keepdim=True)
    model = Encoder(batch_first=mended)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
