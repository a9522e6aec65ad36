"""Actor critic and temperature in turn: a legitimate set-up.

Soft actor-critic: three optimizers, the critic's parameters frozen for the length of the actor's
step, a temperature of its own.

Sources:
  https://arxiv.org/abs/1812.05905
"""

import torch
import torch.nn.functional as F
from torch import distributions, nn

CASE = {
    "id": "actor_critic_and_temperature_in_turn",
    "family": "graph",
    "note": (
        "Soft actor-critic: three optimizers, the critic's parameters frozen for the length "
        "of the actor's step, a temperature of its own."
    ),
    "hint_ok": False,
    "source": ["https://arxiv.org/abs/1812.05905"],
    "fall": -5.0,
}


def mlp(inputs, outputs, width=24, activation=nn.ReLU):
    return nn.Sequential(nn.Linear(inputs, width), activation(), nn.Linear(width, outputs))


def build(seed=0):
    torch.manual_seed(seed)
    actor, critic, temperature = (mlp(3, 2), mlp(4, 1), torch.zeros((), requires_grad=True))
    model = nn.ModuleDict({"p": actor, "q": critic})
    actor_optimizer, critic_optimizer, temperature_optimizer = (
        torch.optim.Adam(actor.parameters(), lr=0.003),
        torch.optim.Adam(critic.parameters(), lr=0.003),
        torch.optim.Adam([temperature], 0.003),
    )

    def step(model, loss_fn, optimizer, batch):
        states, rewards = batch
        actions = torch.tanh(torch.randn(len(states), 1))
        critic_loss = F.mse_loss(critic(torch.cat([states, actions], 1)).squeeze(1), rewards)
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()
        mean, log_spread = actor(states).chunk(2, 1)
        normal = distributions.Normal(mean, log_spread.clamp(-5, 2).exp())
        drawn = normal.rsample()
        actions = torch.tanh(drawn)
        log_probability = (normal.log_prob(drawn) - torch.log(1 - actions**2 + 1e-06)).sum(1)
        for each in critic.parameters():
            each.requires_grad_(False)
        value = (
            temperature.exp().detach() * log_probability - critic(torch.cat([states, actions], 1)).squeeze(1)
        ).mean()
        actor_optimizer.zero_grad()
        value.backward()
        actor_optimizer.step()
        for each in critic.parameters():
            each.requires_grad_(True)
        temperature_loss = -(temperature * (log_probability + 1).detach()).mean()
        temperature_optimizer.zero_grad()
        temperature_loss.backward()
        temperature_optimizer.step()
        return critic_loss

    x = torch.randn(48, 3)
    return {"model": model, "loss_fn": None, "optimizer": actor_optimizer, "batch": (x, x[:, 0]), "train_step": step}
