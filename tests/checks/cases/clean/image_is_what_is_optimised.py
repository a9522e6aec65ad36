"""Image is what is optimised: a legitimate set-up.

The only parameter is an image; the network behind it is frozen and in evaluation mode; the input
is ignored.

Sources:
  https://arxiv.org/abs/1508.06576
"""

import torch
from torch import nn

CASE = {
    "id": "image_is_what_is_optimised",
    "family": "ownership",
    "note": (
        "The only parameter is an image; the network behind it is frozen and in evaluation mode; the input is ignored."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1508.06576"],
}


def build(seed=0):
    torch.manual_seed(seed)
    features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 6, 3)).requires_grad_(False).eval()

    class Picture(nn.Module):
        def __init__(self):
            super().__init__()
            self.img = nn.Parameter(torch.rand(1, 3, 12, 12))
            self.net = features

        def forward(self, _):
            return self.net(self.img)

    model = Picture()
    target = features(torch.rand(1, 3, 12, 12))
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam([model.img], 0.05),
        "batch": (torch.zeros(1), target),
        "train_step": None,
    }
