"""State cut into rows.

What is wrong: The last state of a bidirectional LSTM, (directions, batch, features), is viewed as
(batch, directions * features): each row holds numbers of two samples.

Symptom on torch 2.13: no exception and no warning.

Repair: torch.cat([state[0], state[1]], dim=1), or state.transpose(0, 1).reshape(batch, -1).

Sources:
  https://github.com/graykode/nlp-tutorial/issues/38
  https://github.com/timbmg/Sentence-VAE/issues/15
  https://github.com/facebookresearch/fairseq/issues/239
"""

import torch
from torch import nn

CASE = {
    "id": "state_cut_into_rows",
    "family": "layout",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The last state of a bidirectional LSTM, (directions, batch, features), is viewed "
            "as (batch, directions * features): each row holds numbers of two samples."
        ),
        "fix": "torch.cat([state[0], state[1]], dim=1), or state.transpose(0, 1).reshape(batch, -1).",
    },
    "source": [
        "https://github.com/graykode/nlp-tutorial/issues/38",
        "https://github.com/timbmg/Sentence-VAE/issues/15",
        "https://github.com/facebookresearch/fairseq/issues/239",
    ],
    "evidence": {"kind": "leak"},
}


def make(seed, wrong):
    torch.manual_seed(seed)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.g = nn.LSTM(4, 8, batch_first=True, bidirectional=True)
            self.o = nn.Linear(16, 2)

        def forward(self, x):
            hidden = self.g(x)[1][0]
            return self.o(hidden.view(x.shape[0], -1) if wrong else torch.cat([hidden[0], hidden[1]], 1))

    model = Net()
    x = torch.randn(24, 7, 4)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, (x[:, :, 0].mean(1) > 0).long()),
        "train_step": None,
    }


def build(seed=0):
    return make(seed, wrong=True)


def fixed(seed=0):
    return make(seed, wrong=False)
