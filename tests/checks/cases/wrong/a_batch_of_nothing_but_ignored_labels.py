"""A batch of nothing but ignored labels.

What is wrong: Unlabelled tokens carry -100 and are ignored; in this batch all of them do, through a
truncation that cut the answers off: the mean over no token is NaN.

Symptom on torch 2.13: no exception and no warning.

Repair: Leave such samples out, or reduction='sum' divided by the number of labelled tokens, at
least 1.

Sources:
  https://github.com/pytorch/pytorch/issues/116349
  https://github.com/pytorch/pytorch/issues/70348
  https://github.com/nvidia-cosmos/cosmos-rl/pull/155
"""

import torch
from torch import nn

CASE = {
    "id": "a_batch_of_nothing_but_ignored_labels",
    "family": "labels",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "Unlabelled tokens carry -100 and are ignored; in this batch all of them do, through a "
            "truncation that cut the answers off: the mean over no token is NaN."
        ),
        "fix": ("Leave such samples out, or reduction='sum' divided by the number of labelled tokens, at least 1."),
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/116349",
        "https://github.com/pytorch/pytorch/issues/70348",
        "https://github.com/nvidia-cosmos/cosmos-rl/pull/155",
    ],
    "evidence": {
        "kind": "nan",
        "steps": 2,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    tokens = torch.randint(0, 10, (12, 8))
    labels = torch.full((12, 8), -100)
    prompt, kept = 5, 8 if mended else 5
    labels[:, prompt:kept] = (tokens[:, prompt:kept] + 1) % 10
    model = nn.Sequential(nn.Embedding(10, 16), nn.Linear(16, 10))
    cross_entropy = nn.CrossEntropyLoss(ignore_index=-100)
    return {
        "model": model,
        "loss_fn": lambda logits, target: cross_entropy(logits.flatten(0, 1), target.flatten()),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.03),
        "batch": (tokens, labels),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
