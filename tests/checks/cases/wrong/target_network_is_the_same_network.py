"""Target network is the same network.

What is wrong: self.target = self.online binds a second name to the one network: the target moves
with every step, and the copies made now and then copy nothing.

Symptom on torch 2.13: no exception and no warning.

Repair: target = copy.deepcopy(online).

Sources:
  https://github.com/datawhalechina/easy-rl/issues/140
  https://github.com/andri27-ts/Reinforcement-Learning/issues/14
  https://github.com/datawhalechina/easy-rl/pull/117
"""

import copy

import torch
from torch import nn

CASE = {
    "id": "target_network_is_the_same_network",
    "family": "graph",
    "symptom": "silent",
    "severity": "medium",
    "needs_steps": 0,
    "expected": {
        "cause": (
            "self.target = self.online binds a second name to the one network: the target moves with "
            "every step, and the copies made now and then copy nothing."
        ),
        "fix": "target = copy.deepcopy(online).",
    },
    "source": [
        "https://github.com/datawhalechina/easy-rl/issues/140",
        "https://github.com/andri27-ts/Reinforcement-Learning/issues/14",
        "https://github.com/datawhalechina/easy-rl/pull/117",
    ],
    "evidence": {
        "kind": "custom",
    },
    "steps": 24,
}


class Agent(nn.Module):
    def __init__(self, copied):
        super().__init__()
        self.online = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 2))
        self.target = copy.deepcopy(self.online) if copied else self.online

    def forward(self, state):
        return self.online(state)


def make(seed, mended):
    torch.manual_seed(seed)
    states, following = torch.randn(50, 3), torch.randn(50, 3)
    rewards = states[:, 0]
    agent = Agent(copied=mended)
    taken = []

    def train_step(model, loss_fn, optimizer, batch):
        value = model(batch[0])[:, 0]
        with torch.no_grad():
            wanted = batch[1] + 0.8 * model.target(following).amax(1)
        loss = loss_fn(value, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        taken.append(1)
        if len(taken) % 10 == 0:
            model.target.load_state_dict(model.online.state_dict())
        return loss

    return {
        "model": agent,
        "loss_fn": nn.SmoothL1Loss(),
        "optimizer": torch.optim.Adam(agent.online.parameters(), lr=0.01),
        "batch": (states, rewards),
        "train_step": train_step,
    }


def build(seed=0):
    return make(seed, mended=False)


def fixed(seed=0):
    return make(seed, mended=True)


def evidence():
    moved = []
    for setup in (build(), fixed()):
        before = setup["model"].target[0].weight.detach().clone()
        for _ in range(5):
            setup["train_step"](setup["model"], setup["loss_fn"], setup["optimizer"], setup["batch"])
        moved.append((setup["model"].target[0].weight - before).abs().max().item())
    return moved[0] > 0 == moved[1], f"the target moved by {moved[0]} within 5 steps (mended {moved[1]})"
