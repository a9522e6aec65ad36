"""A module is given the attribute `requires_grad`, which freezes nothing.

`module.requires_grad = False` sets a Python attribute that nobody reads; its parameters go on training. The method is
`requires_grad_(False)`.

Fires on:

    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    model[0].requires_grad = False
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    model[0].requires_grad_(False)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/catalyst-team/catalyst/pull/81
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.core.finding import Finding, Severity

RULE = Rule("FL707", "frozen-attribute", Severity.error, ("freezing",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a module has that attribute set to False and parameters that require gradients."""
    for name, module in evidence.modules:
        if module.__dict__.get("requires_grad") is not False:
            continue
        training = [parameter for parameter in module.parameters() if parameter.requires_grad]
        if training:
            return RULE.finding(
                what=f"{name}.requires_grad = False set an attribute of the module; its {len(training)} parameters "
                "still require gradients.",
                why="Torch reads requires_grad of parameters, not of modules: nothing was frozen.",
                mend=f"{name}.requires_grad_(False)",
                evidence={"module": name, "still training": len(training)},
            )
    return None
