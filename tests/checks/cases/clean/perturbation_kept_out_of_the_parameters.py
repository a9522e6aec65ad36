"""Perturbation kept out of the parameters: a legitimate set-up.

Universal adversarial training: the optimizer lowers the loss by the weights, and the
perturbation, a plain tensor, is moved up by hand.

Sources:
  https://arxiv.org/abs/1811.11304
"""

import torch
from torch import nn

CASE = {
    "id": "perturbation_kept_out_of_the_parameters",
    "family": "ownership",
    "note": (
        "Universal adversarial training: the optimizer lowers the loss by the weights, and the "
        "perturbation, a plain tensor, is moved up by hand."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1811.11304"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Perturbed(nn.Module):
    def __init__(self):
        super().__init__()
        self.network, self.change = mlp(6, 3), torch.zeros(6, requires_grad=True)

    def forward(self, x):
        return self.network(x + self.change)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(32, 6)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = Perturbed()

    def train_step(model, loss_fn, optimizer, batch):
        loss = loss_fn(model(batch[0]), batch[1])
        optimizer.zero_grad()
        model.change.grad = None
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.change += 0.01 * model.change.grad.sign()
            model.change.clamp_(-0.1, 0.1)
        return loss

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, y),
        "train_step": train_step,
    }
