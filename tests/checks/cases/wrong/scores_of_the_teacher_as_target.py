"""Scores of the teacher as target.

What is wrong: KLDivLoss is given the teacher's raw scores as its target: neither probabilities
nor their logarithms.

Symptom on torch 2.13: no exception and no warning.

Repair: softmax of the teacher's scores.

Sources:
  https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "scores_of_the_teacher_as_target",
    "family": "act_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "KLDivLoss is given the teacher's raw scores as its target: neither probabilities nor their logarithms."
        ),
        "fix": "softmax of the teacher's scores.",
    },
    "source": ["https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html"],
    "evidence": {"kind": "nan", "steps": 2},
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def make(seed, wrong):
    torch.manual_seed(seed)
    x = torch.randn(48, 6)
    t = nn.Linear(6, 4).requires_grad_(False)
    y = t(x) * 2
    y = y if wrong else y.softmax(1)
    model = mlp(6, 4)
    return {
        "model": model,
        "loss_fn": lambda out, query: F.kl_div(F.log_softmax(out, 1), query, reduction="batchmean"),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
