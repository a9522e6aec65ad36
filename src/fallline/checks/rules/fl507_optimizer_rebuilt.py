"""A new optimizer is made for every step.

Momentum, and Adam's averages, live in the optimizer. Made anew they begin at zero each time: Adam then moves every
weight by the whole learning rate whatever its gradient.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

    def train_step(model, loss, optimizer, batch):
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        optimizer.zero_grad()
        value = loss(model(batch[0]), batch[1])
        value.backward()
        optimizer.step()
        return value

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/reinitializing-optimizer-every-epoch/
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL507", "optimizer-rebuilt", Severity.error, ("loop",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where several optimizers with a memory own the same parameters and make one step each."""
    steps = evidence.trace.steps
    owners: dict[int, int] = {}
    for step in steps:
        owners[step.owner] = owners.get(step.owner, 0) + 1
    once = [owner for owner, count in owners.items() if count == 1]
    if len(once) < 3 or len(once) < len(owners) or len({step.owned for step in steps}) > 1:
        return None
    first = evidence.optimizers[once[0]]
    group = first.param_groups[0]
    if type(first).__name__ == "SGD" and not group.get("momentum"):
        return None  # it has no memory to lose
    return RULE.finding(
        what=f"{len(once)} steps were made by {len(once)} different {type(first).__name__} optimizers of the "
        f"same parameters.",
        why="Its averages of the gradients begin at zero each time, as if every step were the first.",
        mend="build the optimizer once, before the loop",
        evidence={"optimizers": len(once), "steps": len(steps)},
        where=steps[0].place,
    )
