"""Decoder sees the future.

What is wrong: A next-token model without a causal mask: position t attends to t+1, which is its own
target. The loss falls close to zero and generation is useless.

Symptom on torch 2.13: no exception and no warning.

Repair: Pass mask=nn.Transformer.generate_square_subsequent_mask(length), is_causal=True.

Sources:
  https://github.com/pytorch/tutorials/issues/2478
  https://github.com/alex-matton/causal-transformer-decoder/issues/1
  https://github.com/huggingface/transformers/issues/48745
"""

import torch
from torch import nn

CASE = {
    "id": "decoder_sees_the_future",
    "family": "layout",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "A next-token model without a causal mask: position t attends to t+1, which is its own "
            "target. The loss falls close to zero and generation is useless."
        ),
        "fix": ("Pass mask=nn.Transformer.generate_square_subsequent_mask(length), is_causal=True."),
    },
    "source": [
        "https://github.com/pytorch/tutorials/issues/2478",
        "https://github.com/alex-matton/causal-transformer-decoder/issues/1",
        "https://github.com/huggingface/transformers/issues/48745",
    ],
    "evidence": {
        "kind": "custom",
    },
    "steps": 60,
}


class Generator(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.causal = causal
        self.embed, self.place = nn.Embedding(11, 24), nn.Embedding(8, 24)
        self.block = nn.TransformerEncoderLayer(24, 2, 48, dropout=0.0, batch_first=True)
        self.head = nn.Linear(24, 11)

    def forward(self, tokens):
        length = tokens.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(length) if self.causal else None
        hidden = self.embed(tokens) + self.place(torch.arange(length))
        return self.head(self.block(hidden, src_mask=mask, is_causal=self.causal)).transpose(1, 2)


def make(seed, mended):
    torch.manual_seed(seed)
    text = (torch.randint(0, 11, (20, 1)) + torch.randint(1, 3, (20, 9)).cumsum(1)) % 11
    model = Generator(causal=mended)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": optimizer,
        "batch": (text[:, :-1], text[:, 1:]),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def evidence():
    shifts = []
    for setup in (build(), fixed()):
        tokens = setup["batch"][0]
        other = tokens.clone()
        other[:, -1] = (other[:, -1] + 1) % 11
        with torch.no_grad():
            change = setup["model"](tokens) - setup["model"](other)
        shifts.append(change[:, :, :-1].abs().max().item())
    return shifts[1] < 1e-5 < shifts[
        0
    ], f"earlier outputs shift by {shifts[0]} with the last token (mended {shifts[1]})"
