"""Small resnet with batchnorm: a legitimate set-up.

Convolutions without bias before BatchNorm, a residual branch, global pooling; samples depend on
each other through BatchNorm only.

Sources:
  https://github.com/NoviceMAn-prog/MSRF-Net/issues/21
  https://github.com/developer0hye/SKNet-PyTorch/issues/6
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "small_resnet_with_batchnorm",
    "family": "model",
    "note": (
        "Convolutions without bias before BatchNorm, a residual branch, global pooling; samples "
        "depend on each other through BatchNorm only."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/NoviceMAn-prog/MSRF-Net/issues/21",
        "https://github.com/developer0hye/SKNet-PyTorch/issues/6",
    ],
}


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)

    def forward(self, x):
        inner = F.relu(self.norm1(self.first(x)), inplace=True)
        return F.relu(x + self.norm2(self.second(inner)))


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(32) % 4
    corner = F.one_hot(labels, 4).float().view(32, 1, 2, 2)
    images = torch.randn(32, 1, 8, 8) * 0.5 + 2 * F.interpolate(corner, size=8)
    stem = nn.Conv2d(1, 8, 3, padding=1, bias=False)
    model = nn.Sequential(
        stem, nn.BatchNorm2d(8), nn.ReLU(inplace=True), Residual(8), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(32, 4)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (images, labels)}
