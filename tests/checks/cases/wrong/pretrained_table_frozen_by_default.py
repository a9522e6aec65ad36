"""Pretrained table frozen by default.

What is wrong: nn.Embedding.from_pretrained freezes the table unless told otherwise; the optimizer
was given a group of its own for it, so that it was meant to be fine-tuned, and it never moves.

Symptom on torch 2.13: no exception and no warning.

Repair: nn.Embedding.from_pretrained(vectors, freeze=False).

Sources:
  https://github.com/huggingface/optimum-graphcore/pull/304
  https://github.com/649453932/Chinese-Text-Classification-Pytorch/issues/117
  https://github.com/RUCAIBox/RecBole/issues/2046
"""

import torch
from torch import nn

CASE = {
    "id": "pretrained_table_frozen_by_default",
    "family": "optim_params",
    "symptom": "silent",
    "severity": "medium",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "nn.Embedding.from_pretrained freezes the table unless told otherwise; the optimizer was "
            "given a group of its own for it, so that it was meant to be fine-tuned, and it never "
            "moves."
        ),
        "fix": "nn.Embedding.from_pretrained(vectors, freeze=False).",
    },
    "source": [
        "https://github.com/huggingface/optimum-graphcore/pull/304",
        "https://github.com/649453932/Chinese-Text-Classification-Pytorch/issues/117",
        "https://github.com/RUCAIBox/RecBole/issues/2046",
    ],
    "evidence": {
        "kind": "frozen",
        "params": ["embed.weight"],
        "steps": 6,
    },
}


class Classifier(nn.Module):
    def __init__(self, vectors, **kept):
        super().__init__()
        self.embed = nn.Embedding.from_pretrained(vectors, **kept)
        self.out = nn.Linear(vectors.shape[1], 2)

    def forward(self, tokens):
        return self.out(self.embed(tokens).mean(1))


def make(seed, mended):
    torch.manual_seed(seed)
    tokens = torch.randint(0, 30, (50, 4))
    y = (tokens < 10).any(1).long()
    kept = {"freeze": False} if mended else {}
    model = Classifier(torch.randn(30, 10), **kept)
    groups = [{"params": model.embed.parameters(), "lr": 0.02}, {"params": model.out.parameters(), "lr": 0.05}]
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(groups),
        "batch": (tokens, y),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
