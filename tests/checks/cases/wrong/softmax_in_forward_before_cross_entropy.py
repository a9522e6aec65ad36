"""Softmax in forward before cross entropy.

What is wrong: forward() returns torch.softmax of the scores and the loss is CrossEntropyLoss, which
applies log-softmax itself: the loss cannot fall below ln(1 + (C-1)/e).

Symptom on torch 2.13: no exception and no warning.

Repair: Return the raw scores from forward(); apply softmax only to show probabilities.

Sources:
  https://github.com/ariecattan/SciCo/issues/2
  https://github.com/nishnik/Deep-Semantic-Similarity-Model-PyTorch/issues/2
  https://github.com/bowang-lab/Transformer-GCN-QA/pull/32
  https://github.com/sugi-chan/custom_bert_pipeline/issues/1
"""

import torch
from torch import nn

CASE = {
    "id": "softmax_in_forward_before_cross_entropy",
    "family": "act_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "forward() returns torch.softmax of the scores and the loss is CrossEntropyLoss, which "
            "applies log-softmax itself: the loss cannot fall below ln(1 + (C-1)/e)."
        ),
        "fix": ("Return the raw scores from forward(); apply softmax only to show probabilities."),
    },
    "source": [
        "https://github.com/ariecattan/SciCo/issues/2",
        "https://github.com/nishnik/Deep-Semantic-Similarity-Model-PyTorch/issues/2",
        "https://github.com/bowang-lab/Transformer-GCN-QA/pull/32",
        "https://github.com/sugi-chan/custom_bert_pipeline/issues/1",
    ],
    "evidence": {
        "kind": "score",
        "margin": 0.4,
        "steps": 150,
    },
}


class Digits(nn.Module):
    def __init__(self, probabilities):
        super().__init__()
        self.probabilities = probabilities
        self.features = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.scores = nn.Linear(54, 5)

    def forward(self, image):
        scores = self.scores(self.features(image))
        return torch.softmax(scores, dim=1) if self.probabilities else scores


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 5
    images = 0.5 * torch.randn(60, 1, 8, 8)
    images[torch.arange(60), 0, labels + 1] += 2
    model = Digits(probabilities=not mended)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (images, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    images, labels = setup["batch"]
    with torch.no_grad():
        return setup["loss_fn"](setup["model"](images), labels).item()
