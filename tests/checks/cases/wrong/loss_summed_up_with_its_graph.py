"""Loss summed up with its graph.

What is wrong: The running total adds up the loss tensors themselves and backward() is called on the
total: at the second step it runs through the graph of the first, which is gone.

Symptom on torch 2.13: raises RuntimeError saying 'Trying to backward through the graph a second
time'.

Repair: total += loss.item(), and loss.backward() on this step's loss.

Sources:
  https://github.com/naver-ai/StyleMapGAN/issues/16
  https://github.com/facebookresearch/pytorch_GAN_zoo/issues/83
"""

import torch
from torch import nn

CASE = {
    "id": "loss_summed_up_with_its_graph",
    "family": "graph",
    "symptom": "raises",
    "severity": "error",
    "needs_steps": 2,
    "expected": {
        "cause": (
            "The running total adds up the loss tensors themselves and backward() is called on the "
            "total: at the second step it runs through the graph of the first, which is gone."
        ),
        "fix": "total += loss.item(), and loss.backward() on this step's loss.",
    },
    "source": [
        "https://github.com/naver-ai/StyleMapGAN/issues/16",
        "https://github.com/facebookresearch/pytorch_GAN_zoo/issues/83",
    ],
    "evidence": {
        "kind": "raises",
        "exc": "RuntimeError",
        "match": "Trying to backward through the graph a second time",
        "stage": "train_step",
        "at_step": 1,
    },
}


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(50, 3)
    y = x.pow(2).sum(1, keepdim=True)
    model = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 1))
    running = {"total": 0.0}

    def step_a(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        running["total"] = running["total"] + loss
        running["total"].backward()
        optimizer.step()
        return loss

    def step_b(model, loss_fn, optimizer, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        running["total"] += loss.item()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, y),
        "train_step": step_b if mended else step_a,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)
