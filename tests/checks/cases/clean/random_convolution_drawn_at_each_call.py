"""Random convolution drawn at each call: a legitimate set-up.

An augmentation: the picture goes through a convolution that is drawn anew each time, without
gradients.

Sources:
  https://arxiv.org/abs/2007.13003
"""

import torch
from torch import nn

CASE = {
    "id": "random_convolution_drawn_at_each_call",
    "family": "model",
    "note": (
        "An augmentation: the picture goes through a convolution that is drawn anew each time, without gradients."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2007.13003"],
}


class Augmented(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.head = nn.Conv2d(1, 16, 3), nn.Linear(16, 2)

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                x = x + 0.1 * nn.Conv2d(1, 1, 3, padding=1, bias=False)(x)
        return self.head(torch.relu(self.layer(x)).mean((2, 3)))


def build(seed=0):
    torch.manual_seed(seed)
    y = torch.arange(16) % 2
    x = torch.randn(16, 1, 8, 8) + y[:, None, None, None]
    model = Augmented()
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
        "train_step": None,
    }
