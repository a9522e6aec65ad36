"""Vision transformer with a class token: a legitimate set-up.

Patches, a class token and positions that start at zero, and a head drawn as zeros.

Sources:
  https://arxiv.org/abs/2010.11929
"""

import torch
from torch import nn

CASE = {
    "id": "vision_transformer_with_a_class_token",
    "family": "init",
    "note": "Patches, a class token and positions that start at zero, and a head drawn as zeros.",
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2010.11929"],
    "steps": 120,
}


def build(seed=0):
    torch.manual_seed(seed)

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.p = nn.Conv2d(3, 16, 4, 4)
            self.cls = nn.Parameter(torch.zeros(1, 1, 16))
            self.pos = nn.Parameter(torch.zeros(1, 5, 16))
            self.t = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True, norm_first=True)
            self.o = nn.Linear(16, 3)
            nn.init.zeros_(self.o.weight)
            nn.init.zeros_(self.o.bias)

        def forward(self, x):
            hidden = self.p(x).flatten(2).transpose(1, 2)
            hidden = torch.cat([self.cls.expand(len(x), -1, -1), hidden], 1) + self.pos
            return self.o(self.t(hidden)[:, 0])

    model = Transformer()
    x = torch.randn(16, 3, 8, 8)
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.AdamW(model.parameters(), 0.001),
        "batch": (x, torch.randint(0, 3, (16,))),
        "train_step": None,
    }
