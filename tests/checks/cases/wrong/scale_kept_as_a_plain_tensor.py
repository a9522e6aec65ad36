"""Scale kept as a plain tensor.

What is wrong: The learnable scale and shift are plain tensors with requires_grad=True, not
nn.Parameter: they collect gradients, but parameters() does not list them and the optimizer never
moves them.

Symptom on torch 2.13: no exception and no warning.

Repair: self.scale = nn.Parameter(torch.ones(1)).

Sources:
  https://github.com/automan000/Convolutional_LSTM_PyTorch/issues/17
  https://github.com/d2l-ai/d2l-en/pull/1713
"""

import torch
from torch import nn

CASE = {
    "id": "scale_kept_as_a_plain_tensor",
    "family": "optim_params",
    "symptom": "silent",
    "severity": "high",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "The learnable scale and shift are plain tensors with requires_grad=True, not "
            "nn.Parameter: they collect gradients, but parameters() does not list them and the "
            "optimizer never moves them."
        ),
        "fix": "self.scale = nn.Parameter(torch.ones(1)).",
    },
    "source": [
        "https://github.com/automan000/Convolutional_LSTM_PyTorch/issues/17",
        "https://github.com/d2l-ai/d2l-en/pull/1713",
    ],
    "evidence": {
        "kind": "custom",
    },
}


class Calibrated(nn.Module):
    def __init__(self, registered):
        super().__init__()
        wrap = nn.Parameter if registered else torch.Tensor.requires_grad_
        self.hidden = nn.Linear(3, 16)
        self.out = nn.Linear(16, 1)
        self.scale, self.shift = wrap(torch.ones(1)), wrap(torch.zeros(1))

    def forward(self, x):
        return self.scale * torch.tanh(self.out(torch.relu(self.hidden(x)))) + self.shift


def make(seed, mended):
    torch.manual_seed(seed)
    x = torch.randn(70, 3)
    y = 6 + 3 * torch.tanh(x[:, :1])
    model = Calibrated(registered=mended)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    return {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "batch": (x, y)}


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def evidence():
    shifts = []
    for setup in (build(), fixed()):
        for _ in range(20):
            setup["optimizer"].zero_grad()
            setup["loss_fn"](setup["model"](setup["batch"][0]), setup["batch"][1]).backward()
            setup["optimizer"].step()
        shifts.append(setup["model"].shift.item())
    return shifts[0] == 0 < shifts[1], f"the shift is {shifts[0]} after 20 steps (mended {shifts[1]})"
