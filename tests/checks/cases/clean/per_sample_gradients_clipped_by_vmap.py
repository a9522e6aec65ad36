"""Per sample gradients clipped by vmap: a legitimate set-up.

Differentially private step: gradients of every sample by vmap, clipped, summed and written into
p.grad by hand; backward() is never called.

Sources:
  https://github.com/meta-pytorch/opacus/issues/372
  https://github.com/meta-pytorch/opacus/pull/492
  https://github.com/pytorch/functorch/pull/231
"""

import torch
from torch import nn

CASE = {
    "id": "per_sample_gradients_clipped_by_vmap",
    "family": "loop",
    "note": (
        "Differentially private step: gradients of every sample by vmap, clipped, summed and "
        "written into p.grad by hand; backward() is never called."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/meta-pytorch/opacus/issues/372",
        "https://github.com/meta-pytorch/opacus/pull/492",
        "https://github.com/pytorch/functorch/pull/231",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(40, 5)
    y = (x[:, 0] > 0).long()
    model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 2))

    def train_step(model, loss_fn, optimizer, batch):
        weights = {name: p.detach() for name, p in model.named_parameters()}

        def loss_of_one(weights, sample, label):
            out = torch.func.functional_call(model, weights, (sample.unsqueeze(0),))
            return loss_fn(out, label.unsqueeze(0))

        each, losses = torch.func.vmap(torch.func.grad_and_value(loss_of_one), in_dims=(None, 0, 0))(weights, *batch)
        norms = torch.stack([g.flatten(1).norm(dim=1) for g in each.values()]).norm(dim=0)
        keep = (1.0 / (norms + 1e-6)).clamp(max=1.0)
        for name, p in model.named_parameters():
            p.grad = torch.tensordot(keep, each[name], dims=1) / len(keep)
        optimizer.step()
        return losses.mean()

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.5),
        "batch": (x, y),
        "train_step": train_step,
    }
