"""Fixed point under no grad then one step: a legitimate set-up.

The same layers run under no_grad to a fixed point and once more with gradients.

Sources:
  https://arxiv.org/abs/1909.01377
"""

import torch
from torch import nn

CASE = {
    "id": "fixed_point_under_no_grad_then_one_step",
    "family": "graph",
    "note": "The same layers run under no_grad to a fixed point and once more with gradients.",
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1909.01377"],
}


def build(seed=0):
    torch.manual_seed(seed)

    class Equilibrium(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.u, self.o = (nn.Linear(8, 8), nn.Linear(4, 8), nn.Linear(8, 1))
            nn.init.orthogonal_(self.w.weight, 0.5)

        def forward(self, x):
            state = torch.zeros(len(x), 8)
            with torch.no_grad():
                for _ in range(10):
                    state = torch.tanh(self.w(state) + self.u(x))
            return self.o(torch.tanh(self.w(state) + self.u(x)))

    model = Equilibrium()
    x = torch.randn(30, 4)
    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x[:, :1]),
        "train_step": None,
    }
