"""Reinforce loss below zero: a legitimate set-up.

Policy gradient: the loss is minus log-probability times advantage of sampled actions, negative and
not monotone; the reward is what improves.

Sources:
  https://github.com/kengz/SLM-Lab/issues/437
  https://github.com/ikostrikov/pytorch-a3c/issues/30
  https://github.com/kevinzakka/recurrent-visual-attention/issues/31
"""

import torch
from torch import nn

CASE = {
    "id": "reinforce_loss_below_zero",
    "family": "loss",
    "note": (
        "Policy gradient: the loss is minus log-probability times advantage of sampled actions, "
        "negative and not monotone; the reward is what improves."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/kengz/SLM-Lab/issues/437",
        "https://github.com/ikostrikov/pytorch-a3c/issues/30",
        "https://github.com/kevinzakka/recurrent-visual-attention/issues/31",
    ],
    "steps": 100,
}


def build(seed=0):
    torch.manual_seed(seed)
    states = torch.randn(128, 3)
    best = states.argmax(1)
    policy = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 3))

    def train_step(model, loss_fn, optimizer, batch):
        observed, wanted = batch
        choice = torch.distributions.Categorical(logits=model(observed))
        action = choice.sample()
        reward = (action == wanted).float()
        loss = loss_fn(choice.log_prob(action), reward - reward.mean())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {
        "model": policy,
        "loss_fn": lambda log_probability, advantage: -(log_probability * advantage).mean(),
        "optimizer": torch.optim.Adam(policy.parameters(), lr=0.02),
        "batch": (states, best),
        "train_step": train_step,
    }


def progress(setup):
    """The share of states in which the best action is not the likeliest one."""
    states, best = setup["batch"]
    with torch.no_grad():
        return (setup["model"](states).argmax(1) != best).float().mean().item()
