"""Dqn with target network: a legitimate set-up.

Q-learning: the chosen action's value is gathered, the target comes from a copy that is updated
softly and never by an optimizer; half of the outputs get no gradient for a given sample.

Sources:
  https://github.com/pytorch/tutorials/pull/209
  https://github.com/philtabor/Deep-Q-Learning-Paper-To-Code/issues/16
  https://github.com/p-christ/Deep-Reinforcement-Learning-Algorithms-with-PyTorch/issues/82
"""

import copy

import torch
from torch import nn

CASE = {
    "id": "dqn_with_target_network",
    "family": "graph",
    "note": (
        "Q-learning: the chosen action's value is gathered, the target comes from a copy that is "
        "updated softly and never by an optimizer; half of the outputs get no gradient for a "
        "given sample."
    ),
    "hint_ok": False,
    "source": [
        "https://github.com/pytorch/tutorials/pull/209",
        "https://github.com/philtabor/Deep-Q-Learning-Paper-To-Code/issues/16",
        "https://github.com/p-christ/Deep-Reinforcement-Learning-Algorithms-with-PyTorch/issues/82",
    ],
    "steps": 80,
}


def build(seed=0):
    torch.manual_seed(seed)
    online = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3))
    target = copy.deepcopy(online).requires_grad_(False)
    states, following = torch.randn(64, 4), torch.randn(64, 4)
    actions = torch.randint(0, 3, (64,))
    rewards = states.gather(1, actions.unsqueeze(1)).squeeze(1)

    def train_step(model, loss_fn, optimizer, batch):
        state, reward = batch
        value = model(state).gather(1, actions.unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            wanted = reward + 0.5 * target(following).amax(1)
        loss = loss_fn(value, wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 100.0)
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(target.parameters(), model.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
        return loss

    return {
        "model": online,
        "loss_fn": nn.SmoothL1Loss(),
        "optimizer": torch.optim.Adam(online.parameters(), lr=0.01),
        "batch": (states, rewards),
        "train_step": train_step,
    }
