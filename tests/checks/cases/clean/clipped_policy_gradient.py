"""Clipped policy gradient: a legitimate set-up.

PPO: ratios of probabilities are clipped, the advantage is fixed, the entropy enters with a minus.

Sources:
  https://arxiv.org/abs/1707.06347
"""

import torch
import torch.nn.functional as F
from torch import distributions, nn

CASE = {
    "id": "clipped_policy_gradient",
    "family": "graph",
    "note": ("PPO: ratios of probabilities are clipped, the advantage is fixed, the entropy enters with a minus."),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1707.06347"],
    "fall": 0.0,
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)

    class Actor(nn.Module):
        def __init__(self):
            super().__init__()
            self.p, self.v = (mlp(4, 2), mlp(4, 1))

        def forward(self, x):
            return (self.p(x), self.v(x).squeeze(-1))

    model = Actor()
    x = torch.randn(64, 4)
    actions = torch.randint(0, 2, (64,))
    ret = x[:, 0]
    with torch.no_grad():
        scores, critic = model(x)
        old = distributions.Categorical(logits=scores).log_prob(actions)
        adv = ret - critic
        adv = (adv - adv.mean()) / (adv.std() + 1e-08)

    def step(model, loss_fn, optimizer, batch):
        scores, critic = model(batch[0])
        chosen = distributions.Categorical(logits=scores)
        ratio = (chosen.log_prob(actions) - old).exp()
        value = (
            -torch.min(ratio * adv, ratio.clamp(0.8, 1.2) * adv).mean()
            + 0.5 * F.mse_loss(critic, batch[1])
            - 0.01 * chosen.entropy().mean()
        )
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        return value

    return {
        "model": model,
        "loss_fn": None,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.003),
        "batch": (x, ret),
        "train_step": step,
    }
