"""Raw columns normalised by the first layer: a legitimate set-up.

Incomes in tens of thousands next to shares of one, straight from the table: the network begins with
a BatchNorm1d without affine parameters, which standardises them.

Sources:
  https://github.com/NLeSC/mcfly/issues/40
  https://github.com/llSourcell/How_to_simulate_a_self_driving_car/issues/2
"""

import torch
from torch import nn

CASE = {
    "id": "raw_columns_normalised_by_the_first_layer",
    "family": "scale",
    "note": (
        "Incomes in tens of thousands next to shares of one, straight from the table: the network "
        "begins with a BatchNorm1d without affine parameters, which standardises them."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/NLeSC/mcfly/issues/40",
        "https://github.com/llSourcell/How_to_simulate_a_self_driving_car/issues/2",
    ],
}


def build(seed=0):
    torch.manual_seed(seed)
    income, age, share = 4e4 + 2e4 * torch.randn(120), 18 + 60 * torch.rand(120), torch.rand(120)
    x = torch.stack([income, age, share], dim=1)
    y = ((income / 1e4 + 5 * share) > 6.5).float().unsqueeze(1)
    model = nn.Sequential(nn.BatchNorm1d(3, affine=False), nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return {"model": model, "loss_fn": nn.BCEWithLogitsLoss(), "optimizer": optimizer, "batch": (x, y)}
