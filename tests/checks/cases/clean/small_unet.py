"""Small unet: a legitimate set-up.

An encoder and a decoder with a skip connection, labels (N, H, W) for scores (N, C, H, W).

Sources:
  https://arxiv.org/abs/1505.04597
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "small_unet",
    "family": "shape",
    "note": ("An encoder and a decoder with a skip connection, labels (N, H, W) for scores (N, C, H, W)."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1505.04597"],
}


def build(seed=0):
    torch.manual_seed(seed)

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(1, 8, 3, padding=1)
            self.b = nn.Conv2d(8, 16, 3, 2, 1)
            self.u = nn.ConvTranspose2d(16, 8, 2, 2)
            self.o = nn.Conv2d(16, 2, 1)

        def forward(self, x):
            wide = F.relu(self.a(x))
            deep = F.relu(self.b(wide))
            return self.o(torch.cat([wide, self.u(deep)], 1))

    model = UNet()
    x = torch.randn(4, 1, 16, 16)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, (F.avg_pool2d(x, 3, 1, 1)[:, 0] > 0).long()),
        "train_step": None,
    }
