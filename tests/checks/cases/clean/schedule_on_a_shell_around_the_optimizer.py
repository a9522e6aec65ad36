"""Schedule on a shell around the optimizer: a legitimate set-up.

Sharpness-aware minimisation: the scheduler is given the outer optimizer, which shares its
groups with the inner one that steps.

Sources:
  https://github.com/davda54/sam
"""

import torch
from torch import nn

CASE = {
    "id": "schedule_on_a_shell_around_the_optimizer",
    "family": "scheduler",
    "note": (
        "Sharpness-aware minimisation: the scheduler is given the outer optimizer, which shares "
        "its groups with the inner one that steps."
    ),
    "hint_ok": False,
    "source": ["https://github.com/davda54/sam"],
}


def mlp(inputs, outputs, width=16):
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs))


class Sharpness(torch.optim.Optimizer):
    def __init__(self, parameters, inner, radius, **options):
        super().__init__(parameters, {"radius": radius, **options})
        self.inner = inner(self.param_groups, **options)
        self.param_groups = self.inner.param_groups

    @torch.no_grad()
    def climb(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter]["way"] = parameter.grad * (group["radius"] / (parameter.grad.norm() + 1e-12))
                parameter.add_(self.state[parameter]["way"])
        self.zero_grad()

    @torch.no_grad()
    def descend(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.sub_(self.state[parameter]["way"])
        self.inner.step()
        self.zero_grad()


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(64, 4)
    y = x[:, :1] * 2
    model = mlp(4, 1)
    optimizer = Sharpness(model.parameters(), torch.optim.SGD, 0.05, lr=0.05)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1000)

    def train_step(model, loss_fn, optimizer, batch):
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.climb()
        loss_fn(model(batch[0]), batch[1]).backward()
        optimizer.descend()
        return loss

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": optimizer,
        "batch": (x, y),
        "train_step": train_step,
        "scheduler": scheduler,
    }
