"""A parameter group of the optimizer is frozen as a whole.

Somebody gave it a learning rate of its own, and none of its parameters requires gradients.
`nn.Embedding.from_pretrained` freezes unless told not to. If it is to be unfrozen later, all is well: this is a hint.

Fires on:

    model = nn.Sequential(nn.Embedding.from_pretrained(torch.randn(9, 4)), nn.Flatten(), nn.Linear(12, 1))
    optimizer = torch.optim.Adam([{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters()}])
    loss = nn.MSELoss()
    x, y = torch.randint(0, 9, (8, 3)), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Embedding.from_pretrained(torch.randn(9, 4)), nn.Flatten(), nn.Linear(12, 1))
    optimizer = torch.optim.Adam(model.parameters())
    loss = nn.MSELoss()
    x, y = torch.randint(0, 9, (8, 3)), torch.randn(8, 1)

Sources: https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL708", "frozen-group", Severity.hint, ("freezing",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where all parameters of one of several groups are frozen, and those of another are not."""
    names = {id(parameter): name for name, parameter in evidence.parameters.items()}
    for optimizer in evidence.optimizers:
        groups = [group["params"] for group in optimizer.param_groups if group["params"]]
        frozen = [group for group in groups if not any(parameter.requires_grad for parameter in group)]
        if not frozen or len(frozen) == len(groups):
            continue
        first = names.get(id(frozen[0][0]), "its first parameter")
        layer = first.rpartition(".")[0] or first
        return RULE.finding(
            what=f"A group of {len(frozen[0])} parameters, with {first}, has a learning rate and is frozen.",
            why="The optimizer passes over what requires no gradient.",
            mend=f"{layer}.requires_grad_(True)    # nn.Embedding.from_pretrained(table, freeze=False)",
            evidence={"parameters": [names.get(id(parameter)) for parameter in frozen[0]]},
        )
    return None
