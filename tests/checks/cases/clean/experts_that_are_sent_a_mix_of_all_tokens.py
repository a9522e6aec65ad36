"""Experts that are sent a mix of all tokens: a legitimate set-up.

A soft mixture of experts: what each slot is sent is a softmax over the tokens, along the
batch's axis on purpose.

Sources:
  https://arxiv.org/abs/2308.00951
"""

import torch
from torch import nn

CASE = {
    "id": "experts_that_are_sent_a_mix_of_all_tokens",
    "family": "layout",
    "note": (
        "A soft mixture of experts: what each slot is sent is a softmax over the tokens, along "
        "the batch's axis on purpose."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2308.00951"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class SoftMixture(nn.Module):
    def __init__(self):
        super().__init__()
        self.slots = nn.Parameter(torch.randn(8, 6) * 0.3)
        self.experts = nn.ModuleList(mlp(8, 8) for _ in range(6))
        self.head = nn.Linear(8, 1)

    def forward(self, x):
        scores = x @ self.slots
        sent, combined = scores.softmax(dim=0), scores.softmax(dim=1)
        given = sent.t() @ x
        return self.head(combined @ torch.cat([expert(given[i : i + 1]) for i, expert in enumerate(self.experts)]))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(32, 8)
    y = x[:, :1] * 2
    model = SoftMixture()
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
