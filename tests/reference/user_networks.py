"""Networks such as a user writes, to be named as ``tests.reference.user_networks:NAME``."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """Layers with names of their own, a shortcut, dropout, and a buffer that is no parameter."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, 8)
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.2)
        self.last = nn.Linear(8 + inputs, outputs)
        self.register_buffer("shift", torch.full((inputs,), 0.5))

    def forward(self, rows: Tensor) -> Tensor:
        hidden = self.drop(torch.relu(self.norm(self.first(rows - self.shift))))
        return self.last(torch.cat((hidden, rows), dim=1))


def residual(inputs: int, outputs: int) -> nn.Module:
    return Residual(inputs, outputs)


def plain(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 4), nn.Tanh(), nn.Linear(4, outputs))
