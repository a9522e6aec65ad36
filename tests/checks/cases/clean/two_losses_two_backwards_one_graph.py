"""Two losses two backwards one graph: a legitimate set-up.

Two heads share an encoder, and each loss has its own backward(); the first keeps the graph with
retain_graph=True because the second needs it. One step follows.

Sources:
  https://github.com/ueoo/AGIS-Net/issues/8
  https://github.com/Paper99/SRFBN_CVPR19/issues/4
  https://github.com/jessemelpolio/non-stationary_texture_syn/issues/15
"""

import torch
import torch.nn.functional as F
from torch import nn

CASE = {
    "id": "two_losses_two_backwards_one_graph",
    "family": "graph",
    "note": (
        "Two heads share an encoder, and each loss has its own backward(); the first keeps the "
        "graph with retain_graph=True because the second needs it. One step follows."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/ueoo/AGIS-Net/issues/8",
        "https://github.com/Paper99/SRFBN_CVPR19/issues/4",
        "https://github.com/jessemelpolio/non-stationary_texture_syn/issues/15",
    ],
}


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared, self.kind, self.size = nn.Linear(5, 24), nn.Linear(24, 3), nn.Linear(24, 1)

    def forward(self, x):
        hidden = torch.tanh(self.shared(x))
        return self.kind(hidden), self.size(hidden).squeeze(1)


def build(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(70, 5)
    kinds, sizes = x[:, :3].argmax(1), x[:, 3] + x[:, 4]
    model = TwoHeads()

    def train_step(model, loss_fn, optimizer, batch):
        kind, size = model(batch[0])
        optimizer.zero_grad()
        first = loss_fn(kind, batch[1][0])
        first.backward(retain_graph=True)
        second = F.mse_loss(size, batch[1][1])
        second.backward()
        optimizer.step()
        return first.detach() + second.detach()

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.02),
        "batch": (x, (kinds, sizes)),
        "train_step": train_step,
    }
