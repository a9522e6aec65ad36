"""A function whose derivative is zero everywhere stands between the network and the loss.

Rounding, flooring and signs are flat: `backward()` runs, and every gradient is exactly zero. Round for the metric, give
the loss the number itself.

Fires on:

    model = nn.Linear(3, 1)
    loss = lambda output, target: nn.functional.mse_loss(output.round(), target)
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Linear(3, 1)
    loss = lambda output, target: nn.functional.mse_loss(output + (output.round() - output).detach(), target)
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://github.com/milesial/Pytorch-UNet/issues/378
"""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import skipping
from fallline.checks.rules._shared import tried
from fallline.core.finding import Finding, Severity

RULE = Rule("FL603", "flat", Severity.error, ("gradient", "stuck"))

_FLAT = ("round", "floor", "ceil", "sign", "trunc", "sgn", "fix", "floor_divide", "round_", "floor_", "heaviside")


def examine(evidence: Evidence) -> Finding | None:
    """Fires where gradients are exactly zero and such a function is on their way to the loss."""
    backwards = evidence.trace.backwards
    reached = [backward for backward in backwards if backward.reached]
    names = {name for backward in reached for name in backward.reached}
    still = {name for name in names if not any(backward.norms.get(name, 0) for backward in reached)}
    if not still or (len(reached) < 2 and still != names):
        return None
    labels = {f"parameter {name}" for name in still}
    for operation in evidence.trace.ancestors(reached[0].loss):
        if operation.name in _FLAT and operation.outputs and operation.outputs[0].needs_grad:
            if still != names and labels.isdisjoint(evidence.trace.labels(operation.inputs[0])):
                continue
            return RULE.finding(
                what=f"{operation.name} has a derivative of zero everywhere: "
                f"{'all' if still == names else 'of those before it'} {len(still)} gradients are exactly 0.",
                why="backward() runs, and there is nothing for the optimizer to follow.",
                mend=f"remove .{operation.name}() before the loss; use it for the metric",
                evidence={"operation": operation.name, "gradients": 0.0},
                verified=tried(evidence, mode=skipping(operation)),
                where=operation.place,
            )
    return None
