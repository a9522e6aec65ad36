"""Two factors trained in turn: a legitimate set-up.

A matrix is factorised: each factor has an optimizer, and they step in turn on one loss.

Sources:
  https://arxiv.org/abs/1412.6980
"""

import torch
from torch import nn

CASE = {
    "id": "two_factors_trained_in_turn",
    "family": "optim_params",
    "note": ("A matrix is factorised: each factor has an optimizer, and they step in turn on one loss."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1412.6980"],
}


def build(seed=0):
    torch.manual_seed(seed)
    rows, columns = (nn.Parameter(torch.randn(10, 3)), nn.Parameter(torch.randn(8, 3)))
    model = nn.ParameterList([rows, columns])
    row_optimizer, column_optimizer = (torch.optim.SGD([rows], 0.05), torch.optim.SGD([columns], 0.05))
    table = torch.randn(10, 8)
    taken = [0]

    def step(model, loss_fn, optimizer, batch):
        current = row_optimizer if taken[0] % 2 == 0 else column_optimizer
        taken[0] += 1
        value = loss_fn(rows @ columns.T, batch[1])
        current.zero_grad()
        value.backward()
        current.step()
        return value

    return {
        "model": model,
        "loss_fn": nn.MSELoss(),
        "optimizer": row_optimizer,
        "batch": (table, table),
        "train_step": step,
    }
