"""Codebook that follows averages: a legitimate set-up.

A VQ-VAE's codebook gets no gradient: it is set anew from moving averages of what was assigned
to it.

Sources:
  https://arxiv.org/abs/1711.00937
  https://github.com/zalandoresearch/pytorch-vq-vae
"""

import torch
from torch import nn

CASE = {
    "id": "codebook_that_follows_averages",
    "family": "graph",
    "note": ("A VQ-VAE's codebook gets no gradient: it is set anew from moving averages of what was assigned to it."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1711.00937", "https://github.com/zalandoresearch/pytorch-vq-vae"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Quantized(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.table = mlp(6, 4), mlp(4, 6), nn.Embedding(8, 4)
        self.register_buffer("sizes", torch.ones(8))
        self.sums = nn.Parameter(self.table.weight.detach().clone())

    def forward(self, x):
        given, table = self.encoder(x), self.table.weight
        apart = given.pow(2).sum(1, keepdim=True) + table.pow(2).sum(1) - 2 * given @ table.t()
        chosen = nn.functional.one_hot(apart.argmin(1), 8).float()
        taken = chosen @ table
        if self.training:
            self.sizes = self.sizes * 0.9 + 0.1 * chosen.sum(0)
            self.sums = nn.Parameter(self.sums * 0.9 + 0.1 * (chosen.t() @ given))
            self.table.weight = nn.Parameter(self.sums / self.sizes.clamp(min=1e-3)[:, None])
        commitment = nn.functional.mse_loss(taken.detach(), given)
        return self.decoder(given + (taken - given).detach()), commitment


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
