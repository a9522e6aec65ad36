"""Masked language model: a legitimate set-up.

Most labels are -100 and ignored, only the hidden tokens count; the encoder sees both sides, no
causal mask is due.

Sources:
  https://github.com/pytorch/pytorch/issues/30984
  https://github.com/karpathy/nanoGPT/issues/323
"""

import torch
from torch import nn

CASE = {
    "id": "masked_language_model",
    "family": "targets",
    "note": (
        "Most labels are -100 and ignored, only the hidden tokens count; the encoder sees both "
        "sides, no causal mask is due."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/issues/30984",
        "https://github.com/karpathy/nanoGPT/issues/323",
    ],
    "steps": 80,
}


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.place = nn.Embedding(14, 32), nn.Parameter(0.1 * torch.randn(8, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False), nn.Linear(32, 13)

    def forward(self, tokens):
        return self.head(self.encoder(self.embed(tokens) + self.place)).flatten(0, 1)


def build(seed=0):
    torch.manual_seed(seed)
    text = (torch.randint(0, 13, (40, 1)) + torch.arange(8)) % 13
    hidden = torch.rand(40, 8) < 0.2
    model = Masked()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(ignore_index=-100),
        "optimizer": torch.optim.AdamW(model.parameters(), lr=3e-3),
        "batch": (text.masked_fill(hidden, 13), text.masked_fill(~hidden, -100).flatten()),
    }
