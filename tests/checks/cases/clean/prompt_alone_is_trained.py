"""Prompt alone is trained: a legitimate set-up.

Only a soft prompt is trained; all layers after it are frozen, the head too.

Sources:
  https://arxiv.org/abs/2104.08691
"""

import torch
from torch import nn

CASE = {
    "id": "prompt_alone_is_trained",
    "family": "freezing",
    "note": "Only a soft prompt is trained; all layers after it are frozen, the head too.",
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/2104.08691"],
    "steps": 80,
    "fall": 0.01,
}


def build(seed=0):
    torch.manual_seed(seed)

    class Prompted(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.GRU(8, 8, batch_first=True).requires_grad_(False)
            self.table = nn.Embedding(20, 8).requires_grad_(False)
            self.prompt = nn.Parameter(torch.randn(3, 8) * 0.1)
            self.head = nn.Linear(8, 2).requires_grad_(False)

        def forward(self, x):
            return self.head(self.body(torch.cat([self.prompt.expand(len(x), -1, -1), self.table(x)], 1))[0][:, -1])

    model = Prompted()
    x = torch.randint(0, 20, (32, 5))
    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam([model.prompt], 0.05),
        "batch": (x, x[:, -1] % 2),
        "train_step": None,
    }
