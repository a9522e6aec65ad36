"""Every unit of a layer is dead: its ReLUs give zero for every sample.

Behind a ReLU that is zero there is no gradient: the layers before it cannot learn, and will not recover. Large negative
biases, unscaled inputs of one sign, or a first step that was too long bring it about. A ReLU that is not a layer's only
way to the next, as the hinge of a loss, may well be zero.

Fires on:

    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 2))
    nn.init.constant_(model[0].bias, -20.0)
    loss = nn.CrossEntropyLoss()
    x, y = torch.rand(8, 6), torch.arange(8) % 2

Silent on:

    model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 2))
    loss = nn.CrossEntropyLoss()
    x, y = torch.rand(8, 6), torch.arange(8) % 2

Sources: https://github.com/ProteomicsML/ProteomicsML/pull/203
"""

from __future__ import annotations

from typing import Any

import torch

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.rules._shared import tried
from fallline.checks.traced import Operation
from fallline.checks.trials import Mended
from fallline.core.finding import Finding, Severity

RULE = Rule("FL910", "dead", Severity.error, ("gradient", "stuck"))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a ReLU gives nothing but zeros from inputs that are all negative."""
    for operation in evidence.trace.named("relu", "relu_", step=0):
        output, given = operation.values.get("output"), operation.inputs[0] if operation.inputs else None
        if output is None or given is None or output.numel() < 8 or not operation.modules or bool(output.any()):
            continue
        made = evidence.trace.source(given)
        if not given.needs_grad or _starts_at_zero(evidence, operation) or not _between(evidence, made, operation):
            continue
        layer = made.modules[-1] if made is not None and made.modules else "the layer before"
        return RULE.finding(
            what=f"All {output.shape[-1] if output.dim() == 2 else output[0].numel()} units of the ReLU behind {layer} "
            f"give 0 for all {output.shape[0]} samples.",
            why="Behind a ReLU that is zero there is no gradient: the layers before it stay as they are.",
            mend=f"nn.init.zeros_({layer}.bias)    # and inputs with mean 0; or nn.LeakyReLU()",
            evidence={"shape": tuple(output.shape), "alive": 0.0},
            verified=tried(evidence, mode=Mended(operation, _leaky)),
            where=operation.place,
        )
    return None


def _between(evidence: Evidence, made: Operation | None, operation: Operation) -> bool:
    """Whether a ReLU stands between one layer and the next and is the only way from one to the other.

    A hinge or a barrier in a loss is 0 where all is well, and a second way round a ReLU carries gradients without it.
    """
    if made is None or not any((each.label or "").startswith("parameter ") for each in made.inputs):
        return False
    given, made_by = operation.inputs[0].key, operation.outputs[0].key
    ways = [op for op in evidence.trace.operations if any(each.key == given for each in op.inputs)]
    last = any(seen.key == made_by for call in evidence.root_calls for seen in call.outputs)
    return len(ways) == 1 and (last or _feeds_a_layer(evidence, operation))


def _feeds_a_layer(evidence: Evidence, operation: Operation) -> bool:
    """Whether something with parameters reads what a ReLU gives, directly or later on."""
    made = {operation.index}
    for later in evidence.trace.operations[operation.index + 1 :]:
        if any(each.producer in made for each in later.inputs):
            if any((each.label or "").startswith("parameter ") for each in later.inputs):
                return True
            made.add(later.index)
    return False


def _starts_at_zero(evidence: Evidence, operation: Operation) -> bool:
    """Whether the ReLU's input is exactly 0 because weights begin at 0: another rule's matter."""
    made = evidence.trace.source(operation.inputs[0])
    labels = [seen.label.removeprefix("parameter ") for seen in made.inputs if seen.label] if made is not None else []
    return any(name in evidence.equal_rows for name in labels)


def _leaky(func: Any, args: Any, kwargs: Any) -> Any:
    """A ReLU that lets a little through."""
    return torch.nn.functional.leaky_relu(args[0], 0.1)
