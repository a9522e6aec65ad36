"""Mixture of softmaxes then nll: a legitimate set-up.

Experts' softmaxes are mixed by a softmax gate and the logarithm of the mixture goes to NLLLoss:
three softmaxes, none too many.

Sources:
  https://github.com/skorch-dev/skorch/issues/481
  https://github.com/pandeykartikey/Hierarchical-Attention-Network/issues/3
"""

import torch
from torch import nn

CASE = {
    "id": "mixture_of_softmaxes_then_nll",
    "family": "activation",
    "note": (
        "Experts' softmaxes are mixed by a softmax gate and the logarithm of the mixture goes to "
        "NLLLoss: three softmaxes, none too many."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/skorch-dev/skorch/issues/481",
        "https://github.com/pandeykartikey/Hierarchical-Attention-Network/issues/3",
    ],
}


class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(6, 3) for _ in range(4))
        self.gate = nn.Linear(6, 4)

    def forward(self, x):
        opinions = torch.stack([expert(x).softmax(1) for expert in self.experts], dim=1)
        mixed = (self.gate(x).softmax(1).unsqueeze(-1) * opinions).sum(1)
        return (mixed + 1e-8).log()


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(90, 6)
    labels = ((x[:, 0] > 0).long() + (x[:, 1] > 0).long()) % 3
    model = Experts()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    return {"model": model, "loss_fn": nn.NLLLoss(), "optimizer": optimizer, "batch": (x, labels)}
