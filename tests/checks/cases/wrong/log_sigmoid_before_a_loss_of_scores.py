"""Log sigmoid before a loss of scores.

What is wrong: BCEWithLogitsLoss is given the output of LogSigmoid, which is never above 0:
nothing can be predicted to be likely.

Symptom on torch 2.13: no exception and no warning.

Repair: Leave the LogSigmoid out.

Sources:
  https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
"""

import torch
from torch import nn

CASE = {
    "id": "log_sigmoid_before_a_loss_of_scores",
    "family": "act_loss",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "BCEWithLogitsLoss is given the output of LogSigmoid, which is never above 0: "
            "nothing can be predicted to be likely."
        ),
        "fix": "Leave the LogSigmoid out.",
    },
    "source": ["https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html"],
    "evidence": {"kind": "stuck", "steps": 120, "ratio": 0.4},
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def make(seed, wrong):
    torch.manual_seed(seed)
    x = torch.randn(60, 5)
    y = (x[:, :1] > 0).float()
    model = nn.Sequential(mlp(5, 1), *([nn.LogSigmoid()] if wrong else []))
    return {
        "model": model,
        "loss_fn": nn.BCEWithLogitsLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
