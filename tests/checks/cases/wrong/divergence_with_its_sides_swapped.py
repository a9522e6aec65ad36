"""Divergence with its sides swapped.

What is wrong: kl_div is given the teacher's probabilities first and the student's log-
probabilities second.

Symptom on torch 2.13: no exception and no warning.

Repair: F.kl_div(student_log_probabilities, teacher_probabilities).

Sources:
  https://github.com/sarahwie/attention/issues/6
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "divergence_with_its_sides_swapped",
    "family": "act_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": ("kl_div is given the teacher's probabilities first and the student's log- probabilities second."),
        "fix": "F.kl_div(student_log_probabilities, teacher_probabilities).",
    },
    "source": ["https://github.com/sarahwie/attention/issues/6"],
    "evidence": {"kind": "nan", "steps": 2},
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def make(seed, wrong):
    torch.manual_seed(seed)
    x = torch.randn(48, 6)
    t = nn.Linear(6, 4).requires_grad_(False)
    y = (t(x) * 2).softmax(1)
    model = mlp(6, 4)

    def loss(out, query):
        if wrong:
            return F.kl_div(query, F.log_softmax(out, 1), reduction="batchmean")
        return F.kl_div(F.log_softmax(out, 1), query, reduction="batchmean")

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
