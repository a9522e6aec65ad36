"""Policy compared with what it was: a legitimate set-up.

A clipped policy gradient leaves dropout off on both sides, so that the ratio of the two
policies is 1 at first.

Sources:
  https://arxiv.org/abs/1707.06347
"""

import torch
from torch import nn

CASE = {
    "id": "policy_compared_with_what_it_was",
    "family": "mode",
    "note": (
        "A clipped policy gradient leaves dropout off on both sides, so that the ratio of the two "
        "policies is 1 at first."
    ),
    "hint_ok": True,
    "source": ["https://arxiv.org/abs/1707.06347"],
}


def build(seed=0):
    torch.manual_seed(seed)
    x, actions, worth = torch.randn(64, 4), torch.randint(0, 2, (64,)), torch.randn(64)
    model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Dropout(0.1), nn.Linear(32, 2)).eval()

    def chosen(network, seen):
        return network(seen).log_softmax(1).gather(1, actions[:, None])[:, 0]

    before = chosen(model, x).detach()

    def train_step(model, loss_fn, optimizer, batch):
        ratio = (chosen(model, batch[0]) - before).exp()
        loss = -torch.min(ratio * batch[1], ratio.clamp(0.8, 1.2) * batch[1]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": model,
        "loss_fn": None,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "batch": (x, worth),
        "train_step": train_step,
    }
