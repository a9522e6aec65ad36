"""Codebook moved in place: a legitimate set-up.

The codebook's rows are drawn towards what was assigned to them, through .data and without an
optimizer's step.

Sources:
  https://arxiv.org/abs/1711.00937
"""

import torch
from torch import nn

CASE = {
    "id": "codebook_moved_in_place",
    "family": "graph",
    "note": (
        "The codebook's rows are drawn towards what was assigned to them, through .data and "
        "without an optimizer's step."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1711.00937"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Quantized(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.table = mlp(6, 4), mlp(4, 6), nn.Embedding(8, 4)

    def forward(self, x):
        given, table = self.encoder(x), self.table.weight
        near = torch.cdist(given.detach(), table.detach()).argmin(1)
        taken = self.table(near).detach()
        if self.training:
            for row in near.unique().tolist():
                table.data[row] = 0.9 * table.data[row] + 0.1 * given.detach()[near == row].mean(0)
        return self.decoder(given + (taken - given).detach()), nn.functional.mse_loss(given, taken)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 6)
    model = Quantized()

    return {
        "model": model,
        "loss_fn": lambda output, target: nn.functional.mse_loss(output[0], target) + 0.25 * output[1],
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x),
        "train_step": None,
    }
