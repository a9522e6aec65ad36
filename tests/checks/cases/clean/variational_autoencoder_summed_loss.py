"""Variational autoencoder summed loss: a legitimate set-up.

VAE: tuple output, the input is its own target, reconstruction summed over pixels and averaged over
images plus the KL term; sampling makes two calls differ.

Sources:
  https://github.com/pytorch/examples/issues/824
  https://github.com/pytorch/examples/issues/234
  https://github.com/wiseodd/generative-models/issues/40
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "variational_autoencoder_summed_loss",
    "family": "loss",
    "note": (
        "VAE: tuple output, the input is its own target, reconstruction summed over pixels and "
        "averaged over images plus the KL term; sampling makes two calls differ."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/examples/issues/824",
        "https://github.com/pytorch/examples/issues/234",
        "https://github.com/wiseodd/generative-models/issues/40",
    ],
    "steps": 80,
}


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(25, 8), nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 25))

    def forward(self, x):
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return self.decoder(latent), mean, log_variance


def negative_elbo(output, image):
    logits, mean, log_variance = output
    reconstruction = F.binary_cross_entropy_with_logits(logits, image, reduction="sum")
    divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum()
    return (reconstruction + divergence) / len(image)


def build(seed=0):
    torch.manual_seed(seed)
    images = (torch.rand(5, 25) > 0.5).float()[torch.arange(60) % 5]
    model = Vae()
    return {
        "model": model,
        "loss_fn": negative_elbo,
        "optimizer": torch.optim.Adam(model.parameters(), lr=5e-3),
        "batch": (images, images),
    }
