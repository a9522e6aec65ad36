"""Transformer encoder padding mask: a legitimate set-up.

Encoder with batch_first and a key padding mask where True means ignored, then a mean over the real
tokens only; the input is a dict.

Sources:
  https://github.com/pytorch/pytorch/issues/39439
  https://github.com/bentrevett/pytorch-seq2seq/issues/76
  https://github.com/pytorch/pytorch/issues/97111
"""

import torch
from torch import nn

CASE = {
    "id": "transformer_encoder_padding_mask",
    "family": "layout",
    "note": (
        "Encoder with batch_first and a key padding mask where True means ignored, then a mean "
        "over the real tokens only; the input is a dict."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/pytorch/issues/39439",
        "https://github.com/bentrevett/pytorch-seq2seq/issues/76",
        "https://github.com/pytorch/pytorch/issues/97111",
    ],
    "steps": 80,
}


class Sentence(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.place = nn.Embedding(30, 32, padding_idx=0), nn.Parameter(0.02 * torch.randn(1, 10, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.1, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 3)

    def forward(self, tokens, padding):
        hidden = self.encoder(self.embed(tokens) + self.place, src_key_padding_mask=padding)
        real = (~padding).unsqueeze(-1)
        return self.head((hidden * real).sum(1) / real.sum(1))


def build(seed=0):
    torch.manual_seed(seed)
    lengths = torch.randint(3, 11, (36, 1))
    padding = torch.arange(10) >= lengths
    tokens = torch.randint(1, 30, (36, 10)).masked_fill(padding, 0)
    y = tokens[:, 0] % 3
    model = Sentence()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.AdamW(model.parameters(), lr=2e-3),
        "batch": ({"tokens": tokens, "padding": padding}, y),
    }
