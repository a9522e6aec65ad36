"""A row masked altogether.

What is wrong: Scores are masked with -inf before the softmax, and one sequence is empty: all of its
scores are -inf, its softmax is NaN, and after one step so is every weight.

Symptom on torch 2.13: no exception and no warning.

Repair: Mask with a finite number, torch.finfo(scores.dtype).min, or leave empty sequences out.

Sources:
  https://github.com/pytorch/pytorch/issues/24816
  https://github.com/pytorch/pytorch/issues/41508
  https://github.com/allenai/allennlp/issues/890
"""

import torch
from torch import nn

CASE = {
    "id": "a_row_masked_altogether",
    "family": "numerics",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 1,
    "expected": {
        "cause": (
            "Scores are masked with -inf before the softmax, and one sequence is empty: all of its "
            "scores are -inf, its softmax is NaN, and after one step so is every weight."
        ),
        "fix": ("Mask with a finite number, torch.finfo(scores.dtype).min, or leave empty sequences out."),
    },
    "source": [
        "https://github.com/pytorch/pytorch/issues/24816",
        "https://github.com/pytorch/pytorch/issues/41508",
        "https://github.com/allenai/allennlp/issues/890",
    ],
    "evidence": {
        "kind": "nan",
        "steps": 2,
    },
}


class Pooled(nn.Module):
    def __init__(self, fill):
        super().__init__()
        self.fill = fill
        self.embed, self.weigh, self.out = nn.Embedding(15, 12, padding_idx=0), nn.Linear(12, 1), nn.Linear(12, 1)

    def forward(self, tokens):
        hidden = self.embed(tokens)
        scores = self.weigh(hidden).squeeze(-1).masked_fill(tokens == 0, self.fill)
        return self.out((scores.softmax(1).unsqueeze(-1) * hidden).sum(1))


def make(seed, mended):
    torch.manual_seed(seed)
    lengths = torch.randint(1, 7, (32, 1))
    lengths[5] = 0
    tokens = torch.randint(1, 15, (32, 6)) * (torch.arange(6) < lengths)
    y = (tokens.amax(1, keepdim=True) > 10).float()
    model = Pooled(torch.finfo(torch.float32).min if mended else float("-inf"))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.BCEWithLogitsLoss(), "optimizer": optimizer, "batch": (tokens, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
