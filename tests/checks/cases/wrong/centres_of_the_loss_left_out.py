"""Centres of the loss left out.

What is wrong: The loss is a module with parameters of its own, the class centres; the optimizer was
given the network's parameters only, so the centres stay where they were drawn.

Symptom on torch 2.13: no exception and no warning.

Repair: torch.optim.Adam([*model.parameters(), *loss_fn.parameters()]).

Sources:
  https://github.com/KaiyangZhou/pytorch-center-loss/issues/22
  https://github.com/KaiyangZhou/pytorch-center-loss/issues/11
  https://github.com/ifzhang/FairMOT/issues/19
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "centres_of_the_loss_left_out",
    "family": "optim_params",
    "symptom": "silent",
    "severity": "medium",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The loss is a module with parameters of its own, the class centres; the optimizer was "
            "given the network's parameters only, so the centres stay where they were drawn."
        ),
        "fix": "torch.optim.Adam([*model.parameters(), *loss_fn.parameters()]).",
    },
    "source": [
        "https://github.com/KaiyangZhou/pytorch-center-loss/issues/22",
        "https://github.com/KaiyangZhou/pytorch-center-loss/issues/11",
        "https://github.com/ifzhang/FairMOT/issues/19",
    ],
    "evidence": {
        "kind": "custom",
    },
}


class CentreLoss(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        self.centres = nn.Parameter(3 * torch.randn(classes, width))

    def forward(self, features, labels):
        distances = torch.cdist(features, self.centres)
        pull = distances.gather(1, labels.unsqueeze(1)).pow(2).mean()
        return F.cross_entropy(-distances, labels) + 0.1 * pull


def make(seed, mended):
    torch.manual_seed(seed)
    labels = torch.arange(60) % 3
    x = torch.randn(60, 6) + 2 * F.one_hot(labels, 6)
    model, loss_fn = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 4)), CentreLoss(3, 4)
    owned = [*model.parameters(), *loss_fn.parameters()] if mended else model.parameters()
    return {
        "model": model,
        "loss_fn": loss_fn,
        "optimizer": torch.optim.Adam(owned, lr=0.02),
        "batch": (x, labels),
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def evidence():
    moved = []
    for setup in (build(), fixed()):
        centres = setup["loss_fn"].centres
        before = centres.detach().clone()
        for _ in range(3):
            setup["optimizer"].zero_grad()
            setup["loss_fn"](setup["model"](setup["batch"][0]), setup["batch"][1]).backward()
            setup["optimizer"].step()
        moved.append((centres - before).abs().max().item())
    return moved[0] == 0 < moved[1], f"the centres moved by {moved[0]} (mended {moved[1]})"
