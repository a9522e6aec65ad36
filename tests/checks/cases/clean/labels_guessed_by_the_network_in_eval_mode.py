"""Labels guessed by the network in eval mode: a legitimate set-up.

Pseudo labels: the network guesses them in evaluation mode, detached, between its own forward
and the backward pass.

Sources:
  https://arxiv.org/abs/1908.02983
"""

import torch
from torch import nn

CASE = {
    "id": "labels_guessed_by_the_network_in_eval_mode",
    "family": "mode",
    "note": (
        "Pseudo labels: the network guesses them in evaluation mode, detached, between its own "
        "forward and the backward pass."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1908.02983"],
}


def build(seed=0):
    torch.manual_seed(seed)
    x, unlabelled = torch.randn(32, 4), torch.randn(64, 4)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3))

    def train_step(model, loss_fn, optimizer, batch):
        (known, unknown), target = batch
        model.train()
        output, others = model(known), model(unknown)
        model.eval()
        guess = model(unknown).detach().softmax(1)
        model.train()
        loss = loss_fn(output, target) + 0.1 * loss_fn(others, guess)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": ((x, unlabelled), y),
        "train_step": train_step,
    }
