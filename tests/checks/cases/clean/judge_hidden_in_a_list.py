"""Judge hidden in a list: a legitimate set-up.

A network in evaluation mode that judges what another one makes is hidden from its parameters in
a list.

Sources:
  In use where a loss network is to be neither trained nor saved with the network that it judges
"""

import torch
from torch import nn

CASE = {
    "id": "judge_hidden_in_a_list",
    "family": "ownership",
    "note": (
        "A network in evaluation mode that judges what another one makes is hidden from its parameters in a list."
    ),
    "hint_ok": False,
    "source": ["In use where a loss network is to be neither trained nor saved with the network that it judges"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Judged(nn.Module):
    def __init__(self):
        super().__init__()
        self.network, self.judge = mlp(6, 6), [mlp(6, 4).eval()]

    def forward(self, x):
        made = self.network(x)
        return made, self.judge[0](made), self.judge[0](x).detach()


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(32, 6)
    model = Judged()

    def loss(output, target):
        made, judged, wanted = output
        return nn.functional.mse_loss(made, target) + nn.functional.mse_loss(judged, wanted)

    return {
        "model": model,
        "loss_fn": loss,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, x),
        "train_step": None,
    }
