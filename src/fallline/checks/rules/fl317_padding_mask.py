"""An attention layer's padding mask is the wrong way round.

`key_padding_mask` is True where a position is to be ignored. A mask of the tokens that are there makes the layer look
at the padding alone.

Fires on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(9, 8, padding_idx=0)
            self.attention, self.head = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 1)

        def forward(self, ids):
            hidden = self.embedding(ids)
            return self.head(self.attention(hidden, hidden, hidden, key_padding_mask=ids != 0)[0][:, 0])

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.tensor([[1, 2, 3, 0], [4, 5, 0, 0]] * 4), torch.randn(8, 1)

Silent on:

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(9, 8, padding_idx=0)
            self.attention, self.head = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, 1)

        def forward(self, ids):
            hidden = self.embedding(ids)
            return self.head(self.attention(hidden, hidden, hidden, key_padding_mask=ids == 0)[0][:, 0])

    model = Net()
    loss = nn.MSELoss()
    x, y = torch.tensor([[1, 2, 3, 0], [4, 5, 0, 0]] * 4), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/nn-multiheadattention-key-padding-mask/
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL317", "padding-mask", Severity.error, ("pairs", "stuck", "nonfinite"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a mask leaves out just what is no padding."""
    padded = [
        _padded(op.values.get("input"), op.options.get("padding_idx")) for op in evidence.trace.named("embedding")
    ]
    for operation in evidence.trace.named("multi_head_attention_forward", step=0):
        mask = operation.values.get("key_padding_mask")
        if mask is None:
            continue
        left_out = mask if mask.dtype is torch.bool else mask == float("-inf")
        for padding in padded:
            if padding is None or padding.shape != left_out.shape or not padding.any() or padding.all():
                continue
            if not torch.equal(left_out, ~padding):
                continue
            layer = operation.modules[-1] if operation.modules else "the attention layer"
            return RULE.finding(
                what=f"key_padding_mask of {layer} leaves out {float(left_out.double().mean()):.0%} of the positions: "
                "all but the padding.",
                why="True means ignore: the layer looks at the padding alone, and never at a token.",
                mend="key_padding_mask=(tokens == padding_idx)",
                evidence={"left out": float(left_out.double().mean()), "padding": float(padding.double().mean())},
                verified=tried(evidence, mode=Mended(operation, functools.partial(_turned, padding))),
                where=operation.place,
            )
    return None


def _padded(ids: Tensor | None, index: Any) -> Tensor | None:
    return ids == index if ids is not None and isinstance(index, int) and index >= 0 else None


def _turned(padding: Tensor, func: Any, args: Any, kwargs: Any) -> Any:
    mask = kwargs["key_padding_mask"]
    wanted = padding if mask.dtype is torch.bool else torch.zeros_like(mask).masked_fill(padding, float("-inf"))
    return func(*args, **{**kwargs, "key_padding_mask": wanted})
