"""Padding mask the wrong way round.

What is wrong: src_key_padding_mask is True where there is a token; True means ignore. The encoder
attends to the padding and to nothing else.

Symptom on torch 2.13: no exception and no warning.

Repair: src_key_padding_mask=(tokens == 0).

Sources:
  https://github.com/jadore801120/attention-is-all-you-need-pytorch/issues/148
  https://github.com/lucidrains/x-transformers/issues/253
  https://github.com/pytorch/examples/issues/784
"""

import torch
from torch import nn

CASE = {
    "id": "padding_mask_the_wrong_way_round",
    "family": "layout",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "src_key_padding_mask is True where there is a token; True means ignore. The encoder "
            "attends to the padding and to nothing else."
        ),
        "fix": "src_key_padding_mask=(tokens == 0).",
    },
    "source": [
        "https://github.com/jadore801120/attention-is-all-you-need-pytorch/issues/148",
        "https://github.com/lucidrains/x-transformers/issues/253",
        "https://github.com/pytorch/examples/issues/784",
    ],
    "evidence": {
        "kind": "custom",
    },
}


class Sentence(nn.Module):
    def __init__(self, ignore_padding):
        super().__init__()
        self.ignore_padding = ignore_padding
        self.embed = nn.Embedding(20, 16, padding_idx=0)
        self.start = nn.Parameter(torch.randn(1, 1, 16))
        self.attend, self.head = nn.MultiheadAttention(16, 2, batch_first=True), nn.Linear(16, 1)

    def forward(self, tokens):
        mask = tokens == 0 if self.ignore_padding else tokens != 0
        keys = self.embed(tokens)
        query = self.start.expand(len(tokens), 1, 16)
        return self.head(self.attend(query, keys, keys, key_padding_mask=mask, need_weights=False)[0][:, 0])


def make(seed, mended):
    torch.manual_seed(seed)
    lengths = torch.randint(2, 7, (50, 1))
    tokens = torch.randint(1, 20, (50, 8)) * (torch.arange(8) < lengths)
    y = ((tokens > 12).sum(1, keepdim=True) > 0).float()
    model = Sentence(ignore_padding=mended)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.BCEWithLogitsLoss(), "optimizer": optimizer, "batch": (tokens, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def evidence():
    changes = []
    for setup in (build(), fixed()):
        tokens = setup["batch"][0]
        other = torch.where(tokens > 0, tokens % 19 + 1, 0)
        with torch.no_grad():
            changes.append((setup["model"](tokens) - setup["model"](other)).abs().max().item())
    return changes[0] == 0 < changes[
        1
    ], f"with all tokens exchanged the output changes by {changes[0]} (mended {changes[1]})"
