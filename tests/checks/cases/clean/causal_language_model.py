"""Causal language model: a legitimate set-up.

Decoder-only language model: causal mask, targets are the tokens shifted by one, logits (N, L, C)
moved to (N, C, L) in the loss.

Sources:
  https://github.com/pytorch/pytorch/issues/121193
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "causal_language_model",
    "family": "layout",
    "note": (
        "Decoder-only language model: causal mask, targets are the tokens shifted by one, logits "
        "(N, L, C) moved to (N, C, L) in the loss."
    ),
    "hint_ok": False,
    "source": ["https://github.com/pytorch/pytorch/issues/121193"],
}


class TinyGpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.place = nn.Embedding(12, 24), nn.Embedding(9, 24)
        layer = nn.TransformerEncoderLayer(24, 2, 48, dropout=0.0, activation="gelu", batch_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(24, 12, bias=False)

    def forward(self, tokens):
        length = tokens.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        hidden = self.embed(tokens) + self.place(torch.arange(length))
        return self.head(self.blocks(hidden, mask=mask, is_causal=True))


def build(seed=0):
    torch.manual_seed(seed)
    start, stride = torch.randint(0, 12, (24, 1)), torch.randint(1, 4, (24, 1))
    text = (start + stride * torch.arange(10)) % 12
    model = TinyGpt()
    return {
        "model": model,
        "loss_fn": lambda logits, target: F.cross_entropy(logits.transpose(1, 2), target),
        "optimizer": torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95)),
        "batch": (text[:, :-1], text[:, 1:]),
    }
