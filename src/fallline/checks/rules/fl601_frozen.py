"""Nothing in the network requires gradients: everything is frozen.

A loop that freezes the backbone and runs over all parameters freezes the new head too. There is then nothing to train.

Fires on:

    model = nn.Linear(3, 1)
    model.requires_grad_(False)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    model[0].requires_grad_(False)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/open-mmlab/mmdetection/issues/4040
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._graph import sought
from fallline.core.finding import Finding, Severity

RULE = Rule("FL601", "frozen", Severity.error, ("exception", "gradient", "stuck", "ownership"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where no parameter requires gradients and a backward pass raised or reached nothing."""
    trained = [root for root in evidence.roots if any(True for _ in root.parameters())]
    parameters = [parameter for root in trained for parameter in root.parameters()]
    if not parameters or any(parameter.requires_grad for parameter in parameters):
        return None
    failure = evidence.failure
    reached = any(backward.reached for backward in evidence.trace.backwards)
    if reached or (failure is None and not evidence.trace.backwards):
        return None
    if any(sought(evidence, backward.loss) for backward in evidence.trace.backwards):
        return None  # the input is what is changed, as in an attack
    if failure is not None and failure.stage not in ("backward", "optimizer"):
        return None
    name = evidence.names.model
    last = [part for part, module in evidence.modules if any(True for _ in module.parameters(recurse=False))]
    return RULE.finding(
        what=f"None of the {len(parameters)} parameters of {name} requires gradients.",
        why="There is nothing for the loss to be differentiated by, and nothing for the optimizer to move.",
        mend=f"{last[-1] if last else name}.requires_grad_(True)    # what is to be trained; freeze before "
        f"attaching it",
        evidence={"parameters": len(parameters), "requiring gradients": 0},
        where=failure.place if failure is not None else None,
        message=failure.message if failure is not None else None,
    )
