"""Spectrally normalised hinge critic: a legitimate set-up.

Hinge GAN critic with spectral norm, whose power iteration changes buffers at every forward pass in
training mode; the loss compares two batches.

Sources:
  https://github.com/heykeetae/Self-Attention-GAN/issues/48
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "spectrally_normalised_hinge_critic",
    "family": "model",
    "note": (
        "Hinge GAN critic with spectral norm, whose power iteration changes buffers at every "
        "forward pass in training mode; the loss compares two batches."
    ),
    "hint_ok": False,
    "source": ["https://github.com/heykeetae/Self-Attention-GAN/issues/48"],
}


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm
        self.net = nn.Sequential(norm(nn.Linear(3, 32)), nn.LeakyReLU(0.1), norm(nn.Linear(32, 1)))
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, fake, real):
        return self.scale * self.net(fake), self.scale * self.net(real)


def build(seed=0):
    torch.manual_seed(seed)
    fake, real = torch.randn(50, 3), torch.randn(50, 3) + 1
    model = Critic()
    return {
        "model": model,
        "loss_fn": lambda judged, _: F.relu(1 + judged[0]).mean() + F.relu(1 - judged[1]).mean(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02, betas=(0.0, 0.9)),
        "batch": ((fake, real), torch.zeros(50)),
    }
