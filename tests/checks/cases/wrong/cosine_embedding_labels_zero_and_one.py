"""Cosine embedding labels zero and one.

What is wrong: CosineEmbeddingLoss wants y = 1 for alike and -1 for unlike pairs; here the unlike
ones are 0, a label it knows nothing of: their loss is 0 and everything collapses to one direction.

Symptom on torch 2.13: no exception and no warning.

Repair: y = torch.where(same, 1.0, -1.0).

Sources:
  https://github.com/huggingface/sentence-transformers/issues/622
  https://github.com/pytorch/pytorch/issues/8316
  https://github.com/KevinMusgrave/pytorch-metric-learning/issues/509
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "cosine_embedding_labels_zero_and_one",
    "family": "rare_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "CosineEmbeddingLoss wants y = 1 for alike and -1 for unlike pairs; here the unlike ones "
            "are 0, a label it knows nothing of: their loss is 0 and everything collapses to one "
            "direction."
        ),
        "fix": "y = torch.where(same, 1.0, -1.0).",
    },
    "source": [
        "https://github.com/huggingface/sentence-transformers/issues/622",
        "https://github.com/pytorch/pytorch/issues/8316",
        "https://github.com/KevinMusgrave/pytorch-metric-learning/issues/509",
    ],
    "evidence": {
        "kind": "score",
        "margin": 0.2,
        "steps": 120,
    },
}


class Twin(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(5, 24), nn.Tanh(), nn.Linear(24, 6))

    def forward(self, a, b):
        return self.embed(a), self.embed(b)


def make(seed, mended):
    torch.manual_seed(seed)
    kinds = torch.randint(0, 3, (2, 90))
    centres = 2 * torch.randn(3, 5)
    a, b = (centres[kind] + 0.3 * torch.randn(90, 5) for kind in kinds)
    same = kinds[0] == kinds[1]
    cosine = nn.CosineEmbeddingLoss(margin=0.2)
    model = Twin()
    return {
        "model": model,
        "loss_fn": lambda pair, y: cosine(*pair, y),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((a, b), torch.where(same, 1.0, -1.0) if mended else same.float()),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def score(setup):
    """How alike the unlike pairs have become."""
    pair, y = setup["batch"]
    with torch.no_grad():
        return F.cosine_similarity(*setup["model"](*pair))[y < 1].mean().item()
