"""Logarithm of a probability of zero.

What is wrong: The loss takes the logarithm of sigmoid outputs without a floor: for a score of 20
the float32 sigmoid is exactly 1, log(1 - p) is -inf and 0 * -inf is NaN.

Symptom on torch 2.13: no exception and no warning.

Repair: F.binary_cross_entropy_with_logits on the scores, which never forms the probability.

Sources:
  https://github.com/skorch-dev/skorch/issues/481
  https://github.com/NVIDIA/apex/issues/358
  https://github.com/summerlvsong/Aggregation-Cross-Entropy/issues/2
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "logarithm_of_a_probability_of_zero",
    "family": "numerics",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "The loss takes the logarithm of sigmoid outputs without a floor: for a score of 20 the "
            "float32 sigmoid is exactly 1, log(1 - p) is -inf and 0 * -inf is NaN."
        ),
        "fix": ("F.binary_cross_entropy_with_logits on the scores, which never forms the probability."),
    },
    "source": [
        "https://github.com/skorch-dev/skorch/issues/481",
        "https://github.com/NVIDIA/apex/issues/358",
        "https://github.com/summerlvsong/Aggregation-Cross-Entropy/issues/2",
    ],
    "evidence": {
        "kind": "nan",
        "steps": 2,
    },
}


def from_probability(score, target):
    p = score.sigmoid()
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(64, 3)
    y = (x[:, :1] > 0).float()
    x[:4] *= 200
    model = nn.Linear(3, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 0.3, -0.3]]))
    return {
        "model": model,
        "loss_fn": F.binary_cross_entropy_with_logits if mended else from_probability,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "batch": (x, y),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
