"""Targets lie where the network's last activation cannot reach.

A sigmoid ends at 0 and 1, tanh at −1 and 1, a ReLU at 0. Targets beyond that cannot be predicted whatever the weights:
scale the targets into the range, or let the last layer be linear.

Fires on:

    model = nn.Sequential(nn.Linear(4, 1), nn.Tanh())
    loss = nn.MSELoss()
    x, y = torch.randn(8, 4), torch.arange(8.0).unsqueeze(1)

Silent on:

    model = nn.Sequential(nn.Linear(4, 1), nn.ReLU())
    loss = nn.MSELoss()
    x, y = torch.randn(8, 4), torch.arange(8.0).unsqueeze(1)

Sources: https://github.com/ageron/handson-ml/issues/404
"""

from __future__ import annotations

from fallline.checks.evidence import Comparison, Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._contract import BOUNDS, bounds, losses, outside, skipping
from fallline.checks.rules._shared import tried
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL309", "output-range", Severity.error, ("contract", "stuck"))

_SHARE = 0.02
"""A few targets beyond the range are outliers, not a mistake."""


def examine(evidence: Evidence) -> Finding | None:
    """Fires where the output's activation ends before the targets do."""
    for met in losses(evidence, "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "difference"):
        made = evidence.transform(met.output)
        if made is None or made.name not in BOUNDS or met.targets is None or not met.targets.numel():
            continue
        if (met.loss == "difference" and "sub" not in met.operation.name) or met.targets.is_complex():
            continue
        if met.loss == "difference" and _weighted(evidence, met):
            continue
        low, high = bounds(made)
        share = outside(met.targets, low, high)
        if share <= _SHARE:
            continue
        first, last = float(met.targets.double().min()), float(met.targets.double().max())
        ends = f"{'−∞' if low is None else f'{low:g}'} … {'∞' if high is None else f'{high:g}'}"
        return RULE.finding(
            what=f"The network ends in {made.name} ({ends}), and {share:.0%} of the targets lie beyond it "
            f"({first:.3g} to {last:.3g}).",
            why="No weights can reach them: the loss stays where it is.",
            mend=_scaled(made.name, first, last, evidence.names.targets)
            + f"    # or no {made.name} after the last layer",
            evidence={"transform": made.name, "lowest target": first, "highest target": last, "beyond": share},
            verified=tried(evidence, mode=skipping(made)),
            where=made.place,
        )
    return _several(evidence)


def _weighted(evidence: Evidence, met: Comparison) -> bool:
    """Whether each sample's difference is multiplied with a number of its own, as a policy's actions with returns."""
    made: set[int] = set()
    for operation in evidence.trace.operations[met.operation.index :]:
        if operation is not met.operation and not any(each.producer in made for each in operation.inputs):
            continue
        made.add(operation.index)
        given = [each for each in operation.inputs if each.producer not in made and each.shape]
        if operation.name in ("mul", "__mul__", "__rmul__", "div") and any(map(evidence.is_target, given)):
            return True
    return False


def _several(evidence: Evidence) -> Finding | None:
    """Outputs that add up to 1 beside targets of which several, or none, may hold."""
    for met in losses(evidence, "binary_cross_entropy"):
        made, targets = evidence.transform(met.output), met.targets
        if made is None or made.name != "softmax" or targets is None or targets.shape != met.output.shape:
            continue
        if targets.dim() != 2 or targets.shape[1] < 2 or made.options.get("dim", made.options.get("#1")) not in (1, -1):
            continue
        beyond = float(((targets.double().sum(1) - 1).abs() > 0.05).double().mean())
        if beyond > _SHARE:
            return RULE.finding(
                what=f"The network ends in softmax, whose outputs add up to 1, and the targets of {beyond:.0%} of the "
                f"rows add up to something else ({float(targets.sum(1).min()):g} to {float(targets.sum(1).max()):g}).",
                why="Labels that may hold together, or none of them, are predicted each by itself.",
                mend="nn.Sigmoid() instead of the softmax    # or no activation and nn.BCEWithLogitsLoss()",
                evidence={"transform": made.name, "beyond": beyond},
                verified=tried(evidence, mode=Mended(made, lambda func, args, kwargs: args[0].sigmoid())),
                where=made.place,
            )
    return None


def _scaled(name: str, low: float, high: float, y: str) -> str:
    if name in ("tanh",) and low >= 0 and 100 < high <= 255:
        return f"{y} = {y} / 127.5 - 1"
    if name in ("tanh", "softsign"):
        return f"{y} = 2 * ({y} - {y}.min()) / ({y}.max() - {y}.min()) - 1"
    if name in ("sigmoid", "hardsigmoid", "softmax") and low >= 0 and 100 < high <= 255:
        return f"{y} = {y} / 255"
    if name in ("sigmoid", "hardsigmoid", "softmax"):
        return f"{y} = ({y} - {y}.min()) / ({y}.max() - {y}.min())"
    return "a linear last layer"
