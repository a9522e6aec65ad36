"""Philox4x32-10 of Salmon et al. (2011), in plain Python, and the dropout masks that are made of it."""

from __future__ import annotations

import torch
from torch import Tensor

Words = tuple[int, int, int, int]
_WORD = 0xFFFFFFFF


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Four random words of 32 bits."""
    a, b, c, d = counter
    low, high = key
    for _ in range(10):
        first, second = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (second >> 32) ^ b ^ low, second & _WORD, (first >> 32) ^ d ^ high, first & _WORD
        low, high = (low + 0x9E3779B9) & _WORD, (high + 0xBB67AE85) & _WORD
    return a, b, c, d


def mask(share: float, *, seed: int, step: int, layer: int, rows: int, units: int) -> Tensor:
    """What hidden units are multiplied by, ``(row, unit)``: 0, or one over what is kept; float64."""
    words = [
        [philox((unit // 4, row, layer, step), (seed, 0))[unit % 4] for unit in range(units)] for row in range(rows)
    ]
    kept = torch.tensor(words) >= int(share * 2**32)
    return kept.double() / (1 - share)
