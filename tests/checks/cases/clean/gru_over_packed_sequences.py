"""Gru over packed sequences: a legitimate set-up.

Padded sequences with their lengths, packed before the GRU; the lengths are the second of two inputs
and get no gradient.

Sources:
  https://pytorch.org/docs/2.1/generated/torch.nn.utils.rnn.pack_padded_sequence.html
  https://github.com/saanghyuk/NLP
"""

import torch
from torch import nn

CASE = {
    "id": "gru_over_packed_sequences",
    "family": "layout",
    "note": (
        "Padded sequences with their lengths, packed before the GRU; the lengths are the second "
        "of two inputs and get no gradient."
    ),
    "hint_ok": False,
    "source": [
        "https://pytorch.org/docs/2.1/generated/torch.nn.utils.rnn.pack_padded_sequence.html",
        "https://github.com/saanghyuk/NLP",
    ],
}


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16, padding_idx=0)
        self.rnn = nn.GRU(16, 16, batch_first=True, bidirectional=True)
        self.head = nn.Linear(32, 2)

    def forward(self, tokens, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
        _, hidden = self.rnn(packed)
        return self.head(torch.cat([hidden[0], hidden[1]], dim=1))


def build(seed=0):
    torch.manual_seed(seed)
    lengths = torch.randint(2, 10, (48,))
    tokens = torch.randint(1, 20, (48, 9)) * (torch.arange(9) < lengths.unsqueeze(1))
    y = (tokens[:, 0] > 9).long()
    model = Reader()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((tokens, lengths), y),
    }
