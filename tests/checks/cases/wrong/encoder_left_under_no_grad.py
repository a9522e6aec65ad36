"""Encoder left under no grad.

What is wrong: The encoder is called under torch.no_grad() in forward(), a rest of an earlier stage
with a frozen encoder: its parameters require grad and are in the optimizer, but never get a
gradient.

Symptom on torch 2.13: no exception and no warning.

Repair: Remove torch.no_grad() around the encoder (or freeze it with requires_grad_(False) if that
is meant).

Sources:
  https://github.com/rll-research/cic/issues/5
  https://github.com/edreisMD/ConVIRT-pytorch/issues/7
"""

import torch
from torch import nn

CASE = {
    "id": "encoder_left_under_no_grad",
    "family": "graph",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The encoder is called under torch.no_grad() in forward(), a rest of an earlier stage "
            "with a frozen encoder: its parameters require grad and are in the optimizer, but never "
            "get a gradient."
        ),
        "fix": (
            "Remove torch.no_grad() around the encoder (or freeze it with requires_grad_(False) if that is meant)."
        ),
    },
    "source": [
        "https://github.com/rll-research/cic/issues/5",
        "https://github.com/edreisMD/ConVIRT-pytorch/issues/7",
    ],
    "evidence": {
        "kind": "frozen",
        "params": ["encoder.0.weight", "encoder.0.bias"],
        "steps": 6,
    },
}


class Net(nn.Module):
    def __init__(self, cut):
        super().__init__()
        self.cut = cut
        self.encoder = nn.Sequential(nn.Conv1d(1, 6, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool1d(4), nn.Flatten())
        self.head = nn.Linear(24, 2)

    def forward(self, signal):
        if self.cut:
            with torch.no_grad():
                features = self.encoder(signal)
        else:
            features = self.encoder(signal)
        return self.head(features)


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(40) % 2
    signal = torch.randn(40, 1, 16)
    signal[labels == 1, 0, 4:8] += 2
    model = Net(cut=not mended)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (signal, labels)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
