"""Where the way from the loss back to the parameters ends."""

from __future__ import annotations

from fallline.checks.evidence import Evidence
from fallline.checks.traced import Operation, Seen

__all__ = ["CUTS", "SAMPLING", "VALUES", "anew", "cut", "cut_from", "sought", "taken_out"]

CUTS = {
    "detach": "detach() cuts the graph",
    "detach_": "detach_() cuts the graph",
    "data": ".data is outside the graph",
    "argmax": "argmax has no gradient: it gives an index",
    "argmin": "argmin has no gradient: it gives an index",
    "tensor": "torch.tensor(...) makes a new tensor without history",
    "as_tensor": "torch.as_tensor(...) of numbers makes a new tensor without history",
    "long": "a cast to integers has no gradient",
    "int": "a cast to integers has no gradient",
    "bool": "a cast to booleans has no gradient",
    "gt": "a comparison has no gradient",
    "ge": "a comparison has no gradient",
    "lt": "a comparison has no gradient",
    "le": "a comparison has no gradient",
    "eq": "a comparison has no gradient",
    "ne": "a comparison has no gradient",
    "multinomial": "sampling has no gradient",
    "bernoulli": "sampling has no gradient",
}
SAMPLING = ("normal", "bernoulli", "multinomial", "poisson", "binomial", "normal_", "bernoulli_")
VALUES = {
    "item": "item() takes a Python number out of the graph",
    "tolist": "tolist() takes Python numbers out of the graph",
    "numpy": "numpy() leaves the graph",
    "__array__": "NumPy leaves the graph",
    "__float__": "float() takes a Python number out of the graph",
    "__int__": "int() takes a Python number out of the graph",
}


def cut(evidence: Evidence, loss: Seen | None) -> tuple[Operation, str] | None:
    """The operation nearest to the loss at which gradients stop, and why they do."""
    for operation in evidence.trace.ancestors(loss):
        from_network = any(evidence.from_network(each) for each in operation.inputs)
        if not from_network or not operation.outputs or operation.outputs[0].needs_grad:
            continue
        needing = any(each.needs_grad for each in operation.inputs)
        if operation.name in CUTS and (needing or operation.name in ("tensor", "as_tensor")):
            return operation, CUTS[operation.name]
        if not operation.grad and any(_trainable(each) or each.needs_grad for each in operation.inputs):
            return operation, "it runs under torch.no_grad()"
        if needing and not operation.outputs[0].dtype.is_floating_point:
            return (
                operation,
                f"{operation.name} gives {str(operation.outputs[0].dtype).removeprefix('torch.')}, which has no "
                f"gradient",
            )
        if needing:
            return operation, f"{operation.name} gives something without a gradient"
    return None


def _trainable(seen: Seen) -> bool:
    return (seen.label or "").startswith("parameter ") and seen.needs_grad


def anew(evidence: Evidence, loss: Seen) -> bool:
    """Whether what requires gradients under a loss is a tensor made on the way, no parameter and no input."""
    leaves = [each for operation in evidence.trace.ancestors(loss) for each in operation.inputs if each.leaf]
    needing = [each for each in leaves if each.needs_grad]
    return bool(needing) and all(each.producer is not None and each.label is None for each in needing)


def sought(evidence: Evidence, loss: Seen) -> bool:
    """Whether what requires gradients under a loss is something that a network reads: an input that is looked for."""
    wanted = {
        each.key
        for operation in evidence.trace.ancestors(loss)
        for each in operation.inputs
        if each.leaf and each.needs_grad and not (each.label or "").startswith("parameter ")
    }
    read = {seen.key for call in evidence.root_calls for seen in call.inputs}
    return bool(wanted & read)


def taken_out(evidence: Evidence) -> tuple[Operation, str] | None:
    """The last time that numbers of the network were taken out as Python or NumPy values."""
    for operation in reversed(evidence.trace.operations):
        if operation.name in VALUES and any(evidence.from_network(each) for each in operation.inputs):
            return operation, VALUES[operation.name]
    return None


def cut_from(evidence: Evidence, loss: Seen | None, parameters: set[str]) -> tuple[Operation, str] | None:
    """The operation at which the way from the loss back to these parameters ends."""
    labels = {f"parameter {name}" for name in parameters}
    for operation in evidence.trace.ancestors(loss):
        if not operation.outputs or operation.outputs[0].needs_grad:
            continue
        if labels.isdisjoint(seen.label for seen in operation.inputs) and labels.isdisjoint(
            label for seen in operation.inputs for label in evidence.trace.labels(seen)
        ):
            continue
        if operation.name in SAMPLING:
            return operation, "sampling has no gradient"
        needing = any(each.needs_grad for each in operation.inputs)
        if operation.name in CUTS and operation.grad and (needing or operation.name in ("tensor", "as_tensor")):
            return operation, CUTS[operation.name]
        if not operation.grad:
            return operation, f"{operation.name} runs under torch.no_grad()"
        if needing:
            return operation, f"{operation.name} gives something without a gradient"
    return None
