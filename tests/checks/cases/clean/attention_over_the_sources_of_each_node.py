"""Attention over the sources of each node: a legitimate set-up.

Graph attention with sources along axis 0: the softmax over it gives each node's neighbours
their weights.

Sources:
  https://arxiv.org/abs/1710.10903
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "attention_over_the_sources_of_each_node",
    "family": "layout",
    "note": (
        "Graph attention with sources along axis 0: the softmax over it gives each node's neighbours their weights."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1710.10903"],
}


class Attention(nn.Module):
    def __init__(self, edges):
        super().__init__()
        self.edges = edges
        self.inner, self.head = nn.Linear(6, 8, bias=False), nn.Linear(8, 3)
        self.source, self.target = nn.Linear(8, 1, bias=False), nn.Linear(8, 1, bias=False)

    def forward(self, x):
        hidden = self.inner(x)
        scores = F.leaky_relu(self.source(hidden) + self.target(hidden).t())
        weights = scores.masked_fill(~self.edges, float("-inf")).softmax(dim=0)
        return self.head(F.elu(weights.t() @ hidden))


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(20, 6)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = Attention((torch.rand(20, 20) < 0.3) | torch.eye(20, dtype=torch.bool))
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": None,
    }
