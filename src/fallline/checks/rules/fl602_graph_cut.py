"""The loss is cut off from the network: no gradient can flow back.

`detach()`, `.data`, `.item()`, `.numpy()`, `argmax`, a new `torch.tensor(...)` and `torch.no_grad()` end the graph.
Then `backward()` raises; or, if the loss was wrapped again or told to require gradients, it runs and reaches nothing.

Fires on:

    model = nn.Linear(3, 1)
    loss = lambda output, target: nn.functional.mse_loss(output.detach(), target)
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Linear(3, 1)
    loss = lambda output, target: nn.functional.mse_loss(output, target) / output.detach().std()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/speechbrain/speechbrain/issues/735,
https://github.com/roman-vygon/triplet_loss_kws/issues/6
"""

from __future__ import annotations

from typing import Any

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import skipping
from fallline.checks.rules._graph import CUTS, anew, cut, sought, taken_out
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Seen
from fallline.core.finding import Finding, Place, Severity

RULE = Rule("FL602", "graph-cut", Severity.error, ("exception", "gradient", "stuck", "ownership"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a backward pass started from a loss without history, or reached no parameter."""
    loss, place = _unreached(evidence)
    if loss is None:
        return None
    wrapped = loss.needs_grad and (loss.leaf or anew(evidence, loss))
    found = cut(evidence, loss) or (taken_out(evidence) if not loss.needs_grad or wrapped else None)
    if found is None and not wrapped and evidence.failure is None:
        return None
    reason = f": {found[1]}" if found is not None else ": it was made anew, without its history" if wrapped else ""
    where = found[0].place if found is not None else place
    mend, verified = _mend(evidence, found, wrapped)
    failure = evidence.failure
    return RULE.finding(
        what=f"The loss does not depend on the parameters{reason}."
        + (" It was then made to require gradients, so that backward() runs and reaches nothing." if wrapped else ""),
        why="backward() follows the graph from the loss to the parameters; here it ends before it gets there.",
        mend=mend,
        evidence={"cut by": found[0].name if found is not None else None, "loss is a leaf": wrapped},
        verified=verified,
        where=where or place,
        message=failure.message if failure is not None else None,
    )


def _unreached(evidence: Evidence) -> tuple[Seen | None, Place | None]:
    """The loss whose backward pass raised or reached nothing."""
    failure, backwards = evidence.failure, evidence.trace.backwards
    if failure is not None:
        unattached = failure.stage == "backward" and failure.arguments and not failure.arguments[0].needs_grad
        return (failure.arguments[0], failure.place) if unattached else (None, None)
    if not backwards or any(backward.reached or sought(evidence, backward.loss) for backward in backwards):
        return None, None
    if not any(parameter.requires_grad for root in evidence.roots for parameter in root.parameters()):
        return None, None
    if not evidence.parameters:
        return None, None
    return backwards[0].loss, backwards[0].place


def _mend(evidence: Evidence, found: Any, wrapped: bool) -> tuple[str, str | None]:
    if found is None and not wrapped and not evidence.comparisons:
        return "loss(output, target)    # give the network's output to the loss", None
    if found is None:
        return (
            "loss.backward()    # the loss itself, not torch.tensor(loss) or Variable(loss, requires_grad=True)",
            None,
        )
    operation, _ = found
    if not operation.grad and operation.name not in CUTS:
        return "compute the output outside torch.no_grad()", None
    text = {
        "detach": "remove .detach()",
        "data": "remove .data",
        "item": "keep the tensor: remove .item() before the loss",
        "numpy": "use torch's functions instead of NumPy's",
        "tensor": "remove torch.tensor(...): torch.stack(...) keeps the graph",
        "argmax": "give the scores to the loss; argmax only for predicting",
    }.get(operation.name, f"remove {operation.name} before the loss")
    if operation.name in ("detach", "data", "long", "int"):
        return text, tried(evidence, mode=skipping(operation))
    return text, None
