"""Functions that are not finite somewhere, or whose derivative is not, and how each is guarded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fallline.checks.traced import Operation

__all__ = ["GUARDED", "STEEP", "guard"]

_EPS = 1e-8
GUARDED = {
    "log": "the logarithm of 0 or of a negative number",
    "log2": "the logarithm of 0 or of a negative number",
    "log10": "the logarithm of 0 or of a negative number",
    "log1p": "the logarithm of 0 or of a negative number",
    "sqrt": "the root of a negative number",
    "rsqrt": "the reciprocal root of 0",
    "div": "a division by 0",
    "__rdiv__": "a division by 0",
    "__rtruediv__": "a division by 0",
    "true_divide": "a division by 0",
    "reciprocal": "a division by 0",
    "exp": "an exponential too large for its dtype",
    "pow": "a power that is not defined, or too large",
    "acos": "an argument outside −1 … 1",
    "asin": "an argument outside −1 … 1",
    "std": "the deviation of a single value",
    "var": "the variance of a single value",
    "mean": "the mean of nothing",
    "softmax": "a row that is masked as a whole",
    "log_softmax": "a row that is masked as a whole",
    "cross_entropy": "a true class that is masked, or none left to count",
    "nll_loss": "none left to count",
    "atanh": "an argument outside −1 … 1",
    "logit": "the logit of 0 or 1",
}
STEEP = {
    "sqrt": "at 0 the root is infinitely steep",
    "norm": "at 0 the norm has no derivative",
    "vector_norm": "at 0 the norm has no derivative",
    "pow": "at 0 a power below 1 is infinitely steep",
    "log": "at 0 the logarithm is infinitely steep",
    "div": "the derivative of a quotient divides by the square of what may be 0",
    "acos": "at −1 and 1 the arc cosine is infinitely steep",
    "asin": "at −1 and 1 the arc sine is infinitely steep",
    "std": "the deviation of equal values is infinitely steep",
    "cdist": "at 0 the distance has no derivative",
    "where": "the branch that is not taken is differentiated too, and its NaN times 0 is NaN",
    "exp": "its value, and so its derivative, is too large for the dtype",
    "atan2": "at (0, 0) the angle has no derivative",
    "rsqrt": "at 0 the reciprocal root is infinite",
    "pairwise_distance": "at 0 the distance has no derivative",
    "prod": "the derivative of a product divides by factors that may be 0",
}


def guard(operation: Operation) -> tuple[str, Callable[..., Any] | None]:
    """The mend of an operation, as a line and as a replacement."""
    name = operation.name
    if name in ("sqrt", "rsqrt", "log", "log2", "log10"):
        text = f"torch.{name}(x + 1e-8)" if name != "log" else "torch.log(x.clamp(min=1e-8))"
        return text, lambda f, a, k: f(a[0].clamp(min=0) + _EPS, *a[1:], **k)
    if name in ("div", "true_divide", "reciprocal"):
        return "a / (b + 1e-8)", (lambda f, a, k: f(a[0], _away(a[1]), *a[2:], **k)) if name != "reciprocal" else (
            lambda f, a, k: f(_away(a[0]))
        )
    if name in ("norm", "vector_norm"):
        return "(x.pow(2).sum(-1) + 1e-8).sqrt()", lambda f, a, k: f(a[0] + _EPS, *a[1:], **k)
    if name == "pow":
        return "(x + 1e-8) ** p", lambda f, a, k: f(a[0] + _EPS, *a[1:], **k)
    if name == "exp":
        return "torch.exp(x.clamp(max=30))", lambda f, a, k: f(a[0].clamp(max=30))
    if name in ("acos", "asin", "atanh"):
        return f"torch.{name}(x.clamp(-1 + 1e-6, 1 - 1e-6))", lambda f, a, k: f(a[0].clamp(-1 + 1e-6, 1 - 1e-6))
    if name in ("std", "var"):
        return "torch.sqrt(x.var(unbiased=False) + 1e-8)", None
    if name in ("softmax", "log_softmax"):
        return "scores.masked_fill(mask, -1e4)    # and leave no row without a place to look", (
            lambda f, a, k: f(a[0].clamp(min=-1e4), *a[1:], **k)
        )
    if name == "where":
        return "torch.where(ok, f(torch.where(ok, x, 1.0)), 0.0)    # a harmless x for the other branch first", None
    return f"keep the argument of {name} where it is defined: clamp it, or add 1e-8", None


def _away(value: Any) -> Any:
    """A divisor that is not 0."""
    if not isinstance(value, torch.Tensor):
        return value or _EPS
    return torch.where(value.abs() < _EPS, torch.full_like(value, _EPS), value)
