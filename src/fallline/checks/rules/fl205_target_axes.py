"""Class ids come with an axis too many, or one-hot, and the loss takes one id per row.

For outputs (N, C) the ids are (N,); for maps (N, C, H, W) they are (N, H, W). Tables, masks and one-hot encodings bring
an axis more.

Fires on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(6, 4), (torch.arange(6) % 3).unsqueeze(1)

Silent on:

    model = nn.Linear(4, 3)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(6, 4), torch.nn.functional.one_hot(torch.arange(6) % 3).float()

Sources: https://github.com/milesial/Pytorch-UNet/issues/244
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import cast_targets, failed_loss, tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL205", "target-axes", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a loss over classes raised and its target has the axes of the outputs."""
    met = failed_loss(evidence.failure, evidence)
    if met is None or met.loss not in ("cross_entropy", "nll_loss", "multi_margin_loss"):
        return None
    output, target = met.output.shape, met.target.shape
    names = evidence.names
    y, rest = names.targets, (output[0], *output[2:])
    if len(target) == len(output) and target[1:2] == (1,) and (target[0], *target[2:]) == rest:
        mend, change = f"{y} = {y}.squeeze(1)", cast_targets(lambda t: t.squeeze(1).long())
        what = f"The class ids have shape {target}; outputs {output} take ids of shape {rest}."
    elif list(target) == list(output) and len(output) > 1:
        mend, change = f"{y} = {y}.argmax(1)", cast_targets(lambda t: t.argmax(1))
        what = f"The targets are one-hot, {target}; {met.loss} takes the number of the true class, {rest}."
    elif len(target) == len(output) and len(target) > 1 and target[-1:] == output[1:2] and len(output) > 2:
        mend, change = f"{y} = {y}.argmax(-1)", cast_targets(lambda t: t.argmax(-1))
        what = f"The targets are one-hot on the last axis, {target}; outputs {output} take ids of shape {rest}."
    else:
        return None
    return RULE.finding(
        what=what,
        why="One number per row says which class is true; the axis of the classes belongs to the outputs alone.",
        mend=mend,
        evidence={"output": output, "target": target},
        verified=tried(evidence, change),
        where=evidence.failure.place,
        message=evidence.failure.message,
    )
