"""Sample instead of rsample.

What is wrong: The latent code is drawn with Normal.sample(), which cuts the graph: the decoder
trains on noise, the encoder gets no gradient.

Symptom on torch 2.13: no exception and no warning.

Repair: torch.distributions.Normal(mean, std).rsample().

Sources:
  https://github.com/jankrepl/deepdow/pull/106
  https://github.com/nicola-decao/s-vae-pytorch/issues/9
  https://github.com/AntixK/PyTorch-VAE/issues/13
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "sample_instead_of_rsample",
    "family": "graph",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The latent code is drawn with Normal.sample(), which cuts the graph: the decoder trains "
            "on noise, the encoder gets no gradient."
        ),
        "fix": "torch.distributions.Normal(mean, std).rsample().",
    },
    "source": [
        "https://github.com/jankrepl/deepdow/pull/106",
        "https://github.com/nicola-decao/s-vae-pytorch/issues/9",
        "https://github.com/AntixK/PyTorch-VAE/issues/13",
    ],
    "evidence": {
        "kind": "frozen",
        "params": ["encoder.weight", "encoder.bias"],
        "steps": 6,
    },
    "steps": 60,
}


class Bottleneck(nn.Module):
    def __init__(self, differentiable):
        super().__init__()
        self.differentiable = differentiable
        self.encoder, self.decoder = nn.Linear(8, 6), nn.Linear(3, 8)

    def forward(self, x):
        mean, spread = self.encoder(x).chunk(2, dim=1)
        code = torch.distributions.Normal(mean, F.softplus(spread - 3) + 1e-3)
        return self.decoder(code.rsample() if self.differentiable else code.sample())


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(64, 3) @ torch.randn(3, 8)
    model = Bottleneck(differentiable=mended)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, x)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
