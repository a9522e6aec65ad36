"""Everything that was seen of a training, with the questions that rules ask of it."""

from __future__ import annotations

from collections.abc import Iterator

from fallline.checks.traced import Backward, Call, Event, Failure, Operation, Seen, Step

__all__ = ["Trace"]

# Operations that hand on the numbers they are given, in another shape, dtype or place.
CARRIERS = frozenset(
    (
        "view",
        "reshape",
        "squeeze",
        "unsqueeze",
        "flatten",
        "unflatten",
        "transpose",
        "t",
        "T",
        "mT",
        "permute",
        "movedim",
        "swapaxes",
        "contiguous",
        "clone",
        "to",
        "float",
        "double",
        "half",
        "bfloat16",
        "long",
        "int",
        "type",
        "cpu",
        "cuda",
        "detach",
        "data",
        "__getitem__",
        "select",
        "narrow",
        "expand",
        "expand_as",
        "view_as",
        "reshape_as",
        "chunk",
        "split",
        "unbind",
        "swapdims",
        "squeeze_",
        "unsqueeze_",
        "ravel",
        "index_select",
        "identity",
        "requires_grad_",
        "alias",
        "broadcast_to",
    )
)


class Trace:
    """Everything recorded, with the questions that rules ask of it."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.calls: list[Call] = []
        self.events: list[Event] = []
        self.backwards: list[Backward] = []
        self.steps: list[Step] = []
        self.failure: Failure | None = None

    def producer(self, seen: Seen | None) -> Operation | None:
        """The operation that made a tensor."""
        return None if seen is None or seen.producer is None else self.operations[seen.producer]

    def source(self, seen: Seen | None) -> Operation | None:
        """The operation that gave a tensor its numbers: back past reshapes, casts and the like."""
        operation = self.producer(seen)
        while operation is not None and operation.name in CARRIERS and operation.inputs:
            operation = self.producer(operation.inputs[0])
        return operation

    def origin(self, seen: Seen) -> Seen:
        """The tensor that ``seen`` is a reshape, cast or part of."""
        operation = self.producer(seen)
        while operation is not None and operation.name in CARRIERS and operation.inputs:
            seen = operation.inputs[0]
            operation = self.producer(seen)
        return seen

    def carried(self, seen: Seen | None) -> Iterator[Operation]:
        """The reshapes, casts and the like that a tensor went through, the latest first."""
        operation = self.producer(seen)
        while operation is not None and operation.name in CARRIERS and operation.inputs:
            yield operation
            operation = self.producer(operation.inputs[0])

    def ancestors(self, seen: Seen | None, *, limit: int = 4000) -> Iterator[Operation]:
        """Every operation that a tensor came from, the latest first."""
        waiting, known = [seen], set()
        while waiting and len(known) < limit:
            operation = self.producer(waiting.pop())
            if operation is None or operation.index in known:
                continue
            known.add(operation.index)
            yield operation
            waiting.extend(operation.inputs)

    def labels(self, seen: Seen | None) -> set[str]:
        """Labels of everything a tensor came from."""
        found = {seen.label} if seen is not None and seen.label else set()
        for operation in self.ancestors(seen):
            found.update(each.label for each in operation.inputs if each.label)
        return found

    def named(self, *names: str, step: int | None = None) -> Iterator[Operation]:
        """The operations of these names, in order."""
        for operation in self.operations:
            if operation.name in names and (step is None or operation.step == step):
                yield operation
