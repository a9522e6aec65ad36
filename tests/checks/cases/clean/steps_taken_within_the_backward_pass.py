"""Steps taken within the backward pass: a legitimate set-up.

One optimizer per parameter steps in a hook as soon as its gradient is there; the loop holds no
step.

Sources:
  https://pytorch.org/tutorials/intermediate/optimizer_step_in_backward_tutorial.html
"""

import torch
from torch import nn

CASE = {
    "id": "steps_taken_within_the_backward_pass",
    "family": "loop",
    "note": ("One optimizer per parameter steps in a hook as soon as its gradient is there; the loop holds no step."),
    "hint_ok": False,
    "source": ["https://pytorch.org/tutorials/intermediate/optimizer_step_in_backward_tutorial.html"],
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def samples(count=64, features=6, classes=4):
    x = torch.randn(count, features)
    return x, x[:, :classes].argmax(1)


def build(seed=0):
    torch.manual_seed(seed)
    model = mlp(6, 4)
    x, y = samples()
    optimizers = {parameter: torch.optim.SGD([parameter], 0.1) for parameter in model.parameters()}

    def hook(parameter):
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(hook)

    def step(model, loss_fn, optimizer, batch):
        value = loss_fn(model(batch[0]), batch[1])
        value.backward()
        return value

    return {"model": model, "loss_fn": nn.CrossEntropyLoss(), "optimizer": None, "batch": (x, y), "train_step": step}
