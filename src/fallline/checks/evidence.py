"""The evidence that rules are asked about: the trace of a training, and probes made when a rule wants them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from fallline.checks.keeping import Keeper
from fallline.checks.operations import LOSSES, MEETINGS
from fallline.checks.recorder import tensors_in
from fallline.checks.setup import Names, Setup, parts
from fallline.checks.trace import Trace
from fallline.checks.traced import Call, Operation, Seen, Step

__all__ = ["Comparison", "Evidence"]

_ARGUMENTS = {
    "cosine_embedding_loss": ("input1", "target"),
    "ctc_loss": ("log_probs", "targets"),
    "margin_ranking_loss": ("input1", "target"),
    "triplet_margin_loss": ("anchor", "positive"),
    "triplet_margin_with_distance_loss": ("anchor", "positive"),
}


@dataclass(frozen=True)
class Comparison:
    """Where an output of the network meets a target.

    Args:
        operation: The loss, or the difference in a loss written by hand.
        output: The side that comes from the network.
        target: The other side.
        output_name: The argument that holds it.
        target_name: The same of the target.
    """

    operation: Operation
    output: Seen
    target: Seen
    output_name: str
    target_name: str

    @property
    def loss(self) -> str:
        """The loss's name in torch.nn.functional; "difference" where it is written by hand."""
        return self.operation.name if self.operation.name in LOSSES else "difference"

    @property
    def values(self) -> Tensor | None:
        """The numbers on the network's side."""
        return self.operation.values.get(self.output_name)

    @property
    def targets(self) -> Tensor | None:
        """The numbers on the target's side."""
        return self.operation.values.get(self.target_name)


@dataclass
class Evidence:
    """Everything known of one training set-up.

    Args:
        trace: What was recorded.
        losses: The loss at each step made.
        setup: The set-up as objects; None where only a script was watched.
        keeper: What puts the set-up back after a probe.
        roots: The modules that were called from outside any other.
        optimizers: The optimizers seen.
        schedulers: The schedulers seen.
        parameters: Every parameter known, by name.
        module_names: Modules' names by id.
        moved: Names of the parameters whose numbers changed, or that their network has replaced.
        equal_rows: Names of the matrices whose rows are all the same after the training.
        attributes: Names of the attributes of each optimizer after the training.
        optimizer_names: What the user calls each of the optimizers; empty where that is not seen.
        complete: Whether the training was seen from its beginning.
    """

    trace: Trace
    losses: list[float] = field(default_factory=list)
    setup: Setup | None = None
    keeper: Keeper | None = None
    roots: list[nn.Module] = field(default_factory=list)
    optimizers: list[Optimizer] = field(default_factory=list)
    schedulers: list[Any] = field(default_factory=list)
    parameters: dict[str, Tensor] = field(default_factory=dict)
    module_names: dict[int, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    equal_rows: set[str] = field(default_factory=set)
    attributes: list[set[str]] = field(default_factory=list)
    optimizer_names: list[str] = field(default_factory=list)
    complete: bool = True

    @functools.cached_property
    def names(self) -> Names:
        """What the user calls the parts of the set-up; usual names where that cannot be seen."""
        if self.setup is not None:
            return self.setup.names
        usual, network = Names(), self.root_calls[0].name if self.root_calls else Names.model
        met = self.comparisons[0] if self.comparisons else None
        failed = self.failure.operation if self.failure is not None else None
        met = met or (self.comparison(failed) if failed is not None and failed.name in LOSSES else None)
        targets = met.operation.spelled.get(met.target_name, usual.targets) if met is not None else usual.targets
        loss = met.operation.modules[0] if met is not None and met.operation.modules else usual.loss
        optimizer = next(filter(None, self.optimizer_names), usual.optimizer)
        return Names(network, loss, optimizer, usual.inputs, targets)

    # -- what the network gave ------------------------------------------------------------------

    @functools.cached_property
    def root_calls(self) -> list[Call]:
        """Calls of modules from outside any other, losses left out."""
        return [call for call in self.trace.calls if call.depth == 0 and not _is_loss(call)]

    @functools.cached_property
    def _output_keys(self) -> set[int]:
        return {seen.key for call in self.root_calls for seen in call.outputs}

    @functools.cached_property
    def _from_network(self) -> set[int]:
        """Operations whose numbers come from a network's output or from parameters."""
        found: set[int] = set()
        inside = {index for call in self.root_calls for index in range(call.start, call.end)}
        for operation in self.trace.operations:
            fed = any(
                each.key in self._output_keys or each.producer in found or (each.label or "").startswith("parameter ")
                for each in operation.inputs
            )
            if operation.index in inside or fed:
                found.add(operation.index)
        return found

    def from_network(self, seen: Seen) -> bool:
        """Whether a tensor was computed by a network."""
        made = seen.producer in self._from_network
        return made or seen.key in self._output_keys or (seen.label or "").startswith("parameter ")

    @functools.cached_property
    def comparisons(self) -> list[Comparison]:
        """Where outputs meet targets, in the first step."""
        first = min((operation.step for operation in self.trace.operations), default=0)
        found = [self.comparison(op) for op in self.trace.operations if op.step == first and op.name in LOSSES]
        found = [each for each in found if each is not None]
        return found or list(self._differences(first))

    def comparison(self, operation: Operation) -> Comparison | None:
        """The two sides of a loss; None where it was not called as usual."""
        output, target = _ARGUMENTS.get(operation.name, ("input", "target"))
        if output not in operation.named or target not in operation.named:
            return None
        return Comparison(operation, operation.named[output], operation.named[target], output, target)

    def _differences(self, step: int) -> Iterator[Comparison]:
        """In a loss written by hand: the first operation in which an output meets a target."""
        for operation in self.trace.operations:
            if operation.step != step or operation.name not in MEETINGS or len(operation.inputs) != 2:
                continue
            one, other = operation.inputs
            names = list(operation.named)
            if len(names) != 2 or (operation.modules[:1] and operation.stage == "forward"):
                continue
            if self.is_output(one) and self.is_target(other):
                yield Comparison(operation, one, other, names[0], names[1])
                return
            if self.is_output(other) and self.is_target(one):
                yield Comparison(operation, other, one, names[1], names[0])
                return

    def transform(self, seen: Seen) -> Operation | None:
        """The function that gave an output its range: back past reshapes, casts, dropout and clamping."""
        operation = self.trace.source(seen)
        while operation is not None and operation.name in ("dropout", "clamp", "clip") and operation.inputs:
            operation = self.trace.source(operation.inputs[0])
        return operation

    @functools.cached_property
    def rows(self) -> int | None:
        """Samples in the batch, by the targets; None where that cannot be told."""
        if self.setup is not None:
            target = next(tensors_in(parts(self.setup.batches[0])[1]), None)
            return None if target is None or target.dim() == 0 else int(target.shape[0])
        targets = [each.target for each in self.comparisons if each.target.shape]
        return self.trace.origin(targets[0]).shape[0] if targets else None

    def is_output(self, seen: Seen) -> bool:
        """Whether a tensor is made from a network's output."""
        return seen.needs_grad and self.from_network(seen) and not (seen.label or "").startswith("parameter ")

    def is_target(self, seen: Seen) -> bool:
        """Whether a tensor comes from the batch's targets and not from the network."""
        if self.from_network(seen) or seen.needs_grad:
            return False
        return (
            "target" in self.trace.labels(seen) if self.setup is not None else seen.label is None and seen.shape != ()
        )

    # -- modules and parameters -----------------------------------------------------------------

    @functools.cached_property
    def modules(self) -> list[tuple[str, nn.Module]]:
        """Every module of the networks seen, by name."""
        found, known = [], set()
        for root in self.roots:
            for module in root.modules():
                if id(module) not in known:
                    known.add(id(module))
                    found.append((self.module_names.get(id(module), type(module).__name__), module))
        return found

    @functools.cached_property
    def used(self) -> set[str]:
        """Names of the parameters that an operation used while gradients were recorded."""
        return {
            each.label.removeprefix("parameter ")
            for operation in self.trace.operations
            if operation.grad
            for each in operation.inputs
            if each.label and each.label.startswith("parameter ")
        }

    @functools.cached_property
    def owned(self) -> set[str]:
        """Names of the parameters that some optimizer owns."""
        keys = {id(p) for optimizer in self.optimizers for group in optimizer.param_groups for p in group["params"]}
        return {name for name, parameter in self.parameters.items() if id(parameter) in keys}

    def optimizer_name(self, number: int) -> str:
        """What the user calls one of the optimizers."""
        if self.setup is not None and self.optimizers[number] is self.setup.optimizer:
            return self.names.optimizer
        named = self.optimizer_names[number] if number < len(self.optimizer_names) else ""
        return named or self.names.optimizer

    @functools.cached_property
    def steps(self) -> list[Step]:
        """The steps of optimizers that own something used; a schedule may be tried on one that owns nothing."""
        return [step for step in self.trace.steps if step.owned & self.used]

    @property
    def failure(self) -> Any:
        """The exception that ended the set-up, if there was one."""
        return self.trace.failure

    def name_of(self, module: nn.Module) -> str:
        """A module as it is written in code."""
        return self.module_names.get(id(module), type(module).__name__)

    # -- probes ---------------------------------------------------------------------------------

    def attempt(
        self, change: Callable[[Setup], Setup] | None = None, *, mode: Any = None, steps: int = 20
    ) -> list[float]:
        """The losses of ``steps`` steps with a change made, on what is then put back; fewer where it raised."""
        from fallline.checks.trials import losses_of

        return losses_of(self, change, mode=mode, steps=steps)


def _is_loss(call: Call) -> bool:
    return isinstance(call.module, nn.modules.loss._Loss) or call.name == "loss" or _judges(call)


def _judges(call: Call) -> bool:
    """Whether a module makes a single number of what a network gave and something else, as a user's loss class does."""
    single = bool(call.outputs) and all(seen.shape == () for seen in call.outputs)
    given = any(seen.needs_grad and seen.producer is not None for seen in call.inputs)
    return single and given and len(call.inputs) > 1
