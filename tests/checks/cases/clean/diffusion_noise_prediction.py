"""Diffusion noise prediction: a legitimate set-up.

The targets are drawn inside the step: random times, random noise, the network predicts the noise.
No two losses are of the same thing, batch[1] is not used.

Sources:
  https://github.com/ermongroup/ddim/issues/33
  https://github.com/huawei-noah/Speech-Backbones/issues/13
  https://github.com/explainingai-code/DDPM-Pytorch/issues/6
"""

import torch
from torch import nn

CASE = {
    "id": "diffusion_noise_prediction",
    "family": "loop",
    "note": (
        "The targets are drawn inside the step: random times, random noise, the network predicts "
        "the noise. No two losses are of the same thing, batch[1] is not used."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/ermongroup/ddim/issues/33",
        "https://github.com/huawei-noah/Speech-Backbones/issues/13",
        "https://github.com/explainingai-code/DDPM-Pytorch/issues/6",
    ],
    "steps": 80,
}


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2))

    def forward(self, x, time):
        return self.net(torch.cat([x, time], dim=1))


def build(seed=0):
    torch.manual_seed(seed)
    angle = torch.rand(256) * 6.28
    points = torch.stack([angle.cos(), angle.sin()], dim=1)
    model = Denoiser()

    def train_step(model, loss_fn, optimizer, batch):
        time = torch.rand(len(batch[0]), 1)
        noise = torch.randn_like(batch[0])
        mixed = (1 - time).sqrt() * batch[0] + time.sqrt() * noise
        loss = loss_fn(model(mixed, time), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.AdamW(model.parameters(), lr=5e-3),
        "batch": (points, points),
        "train_step": train_step,
    }
