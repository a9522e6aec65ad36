"""The learning rate is set where the optimizer does not look.

`optimizer.lr = ...` sets an attribute that nobody reads. The rate is in the parameter groups.

Fires on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.lr = 0.01
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for group in optimizer.param_groups:
        group["lr"] = 0.01
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/adaptive-learning-rate/320
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL816", "rate-attribute", Severity.error, ("schedule",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a torch optimizer has an attribute called lr or learning_rate."""
    for number, attributes in enumerate(evidence.attributes):
        optimizer = evidence.optimizers[number]
        found = sorted(attributes & {"lr", "learning_rate", "weight_decay"})
        if not found or not type(optimizer).__module__.startswith("torch.optim"):
            continue
        name, attribute = evidence.optimizer_name(number), found[0]
        return RULE.finding(
            what=f"{name}.{attribute} was set; the optimizer reads param_groups, where lr is "
            f"{optimizer.param_groups[0].get('lr')}.",
            why="The attribute is a new one that nobody reads: the rate did not change.",
            mend=f"for group in {name}.param_groups:\n    "
            f'group["{"lr" if attribute != "weight_decay" else attribute}"] = ...',
            evidence={"attribute": attribute},
        )
    return None
