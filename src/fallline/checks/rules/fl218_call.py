"""The network or the loss is called with other arguments than it takes.

`nn.MSELoss(output, target)` builds a loss with strange options instead of computing one: write
`nn.MSELoss()(output, target)`. A forward that takes a mask or a second input has to be given it.

Fires on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Silent on:

    model = nn.Linear(3, 1)
    loss = nn.MSELoss()
    x, y = torch.randn(8, 3), torch.randn(8, 1)

Sources: https://discuss.pytorch.org/t/boolean-value-of-tensor-with-more-than-one-value-is-ambiguous/151004
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from torch import nn

from fallline.checks.evidence import Evidence
from fallline.checks.rule import Rule
from fallline.checks.setup import parts
from fallline.core.finding import Finding, Severity

RULE = Rule("FL218", "call", Severity.error, ("exception",))


def examine(evidence: Evidence) -> Finding | None:
    """Fires where a loss class was called as if it were a loss, or a forward's arguments do not fit."""
    failure = evidence.failure
    if failure is None or (failure.operation is not None and failure.operation.name != "__bool__"):
        return None
    names = evidence.names
    built, lacking = _loss_class(evidence), _without_forward(evidence)
    if lacking is not None:
        what = f"{lacking} has no forward: its class defines none under that name, at the indentation of a method."
        mend = "def forward(self, x):    # a method of the class"
    elif built is not None:
        what = f"{built}(output, target) builds a loss; it does not compute one."
        mend = f"{names.loss} = nn.{built}()\nvalue = {names.loss}(output, target)"
    else:
        unfit = _unfit(evidence)
        if unfit is None or not isinstance(failure.error, TypeError):
            return None
        what = f"{names.model}.forward{unfit[0]} does not take what the batch holds: {unfit[1]}."
        mend = f"a batch ((x, mask), y) for {names.model}(x, mask), or ({{'x': x, 'mask': mask}}, y)"
    return RULE.finding(
        what=what,
        why="A loss is an object that is built once and then called; a forward is given just what it names."
        if lacking is None
        else "Calling a module calls its forward; torch's own does nothing but raise.",
        mend=mend,
        evidence={"error": type(failure.error).__name__},
        where=failure.place,
        message=failure.message,
    )


def _loss_class(evidence: Evidence) -> str | None:
    """The loss class that was called with an output and a target."""
    loss = evidence.setup.loss if evidence.setup is not None else None
    if isinstance(loss, type) and issubclass(loss, nn.Module):
        return loss.__name__
    error, module = evidence.failure.error, evidence.failure.module
    if isinstance(module, nn.modules.loss._Loss) and evidence.failure.operation is not None:
        return type(module).__name__
    if isinstance(error, AttributeError) and isinstance(error.obj, nn.modules.loss._Loss) and error.name == "backward":
        return type(error.obj).__name__
    return None


def _without_forward(evidence: Evidence) -> str | None:
    """A module that was called and has no forward."""
    module = evidence.failure.module
    given = evidence.setup.model if evidence.setup is not None else None
    if not isinstance(evidence.failure.error, NotImplementedError):
        return None
    for each in (module, given):
        if each is not None and type(each).forward is nn.Module.forward:
            return f"{evidence.name_of(each)} = {type(each).__name__}"
    return None


def _unfit(evidence: Evidence) -> tuple[str, str] | None:
    """The signature of the network's forward, and what does not fit into it."""
    setup = evidence.setup
    if setup is None or setup.train_step is not None or evidence.failure.stage != "forward":
        return None
    inputs, _ = parts(setup.batches[0])
    signature = inspect.signature(setup.model.forward)
    try:
        if isinstance(inputs, Mapping):
            signature.bind(**inputs)
        else:
            signature.bind(*(inputs if isinstance(inputs, tuple | list) else (inputs,)))
    except TypeError as error:
        return str(signature), str(error)
    return None
