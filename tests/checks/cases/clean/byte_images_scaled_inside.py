"""Byte images scaled inside: a legitimate set-up.

The batch holds bytes 0..255; forward() casts and divides, so the first layer sees 0..1.

Sources:
  https://github.com/Selen-Suyue/DensePolicy2D/issues/3
  https://github.com/pytorch/pytorch/issues/23019
"""

import torch
from torch import nn

CASE = {
    "id": "byte_images_scaled_inside",
    "family": "scale",
    "note": ("The batch holds bytes 0..255; forward() casts and divides, so the first layer sees 0..1."),
    "hint_ok": False,
    "source": [
        "https://github.com/Selen-Suyue/DensePolicy2D/issues/3",
        "https://github.com/pytorch/pytorch/issues/23019",
    ],
}


class Camera(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.scores = nn.Linear(32, 4)

    def forward(self, pictures):
        return self.scores(self.features(pictures.permute(0, 3, 1, 2).float() / 255))


def build(seed=0):
    torch.manual_seed(seed)
    labels = torch.arange(40) % 4
    pictures = torch.randint(0, 120, (40, 8, 8, 3), dtype=torch.uint8)
    for number, label in enumerate(labels.tolist()):
        rows, columns = 4 * (label // 2), 4 * (label % 2)
        pictures[number, rows : rows + 4, columns : columns + 4] += 120
    model = Camera()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": optimizer, "batch": (pictures, labels)}
