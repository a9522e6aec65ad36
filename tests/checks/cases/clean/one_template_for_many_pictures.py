"""One template for many pictures: a legitimate set-up.

A deep image prior: one picture, made from one fixed input, is fitted to many noisy ones.

Sources:
  https://arxiv.org/abs/1711.10925
"""

import torch
from torch import nn

CASE = {
    "id": "one_template_for_many_pictures",
    "family": "broadcast",
    "note": ("A deep image prior: one picture, made from one fixed input, is fitted to many noisy ones."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1711.10925"],
}


class Template(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 36), nn.Unflatten(1, (6, 6)))
        self.register_buffer("fixed", torch.randn(1, 8))

    def forward(self, pictures):
        return self.layers(self.fixed)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.rand(6, 6) + 0.1 * torch.randn(32, 6, 6)
    model = Template()
    return {
        "model": model,
        "loss_fn": lambda output, target: (output - target).square().mean(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x),
        "train_step": None,
    }
