"""Names of torch functions, the signatures of losses, and which calls are worth recording."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import resolve_name

__all__ = ["ACTIVATIONS", "KEPT", "LOSSES", "MEETINGS", "bound", "name_of", "plain"]

LOSSES = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
)
MEETINGS = frozenset(
    [
        "sub",
        "rsub",
        "__rsub__",
        "__sub__",
        "mul",
        "__mul__",
        "__rmul__",
        "div",
        "true_divide",
        "add",
        "maximum",
        "minimum",
    ]
)
"""Operations in which an output meets a target in a loss written by hand."""

KEPT = ("embedding", "multi_head_attention_forward")
"""Other operations of which copies of the tensors are kept."""
ACTIVATIONS = ("relu", "relu_", "tanh", "sigmoid", "hardsigmoid", "hardtanh", "softsign", "relu6")
"""Activations that can die or saturate."""

_PROPERTIES = ("data", "T", "mT", "H", "real", "imag", "grad")
_SETTERS = ("data", "grad", "requires_grad")
_DULL = frozenset(
    [
        "dim",
        "size",
        "stride",
        "numel",
        "is_complex",
        "is_floating_point",
        "element_size",
        "__len__",
        "__hash__",
        "__repr__",
        "__format__",
        "storage_offset",
        "data_ptr",
        "register_hook",
        "retain_grad",
        "get_device",
        "is_contiguous",
        "_set_grad_enabled",
        "__contains__",
        "has_names",
        "untyped_storage",
        "nelement",
        "ndimension",
        "is_pinned",
        "is_same_size",
        "dense_dim",
        "sparse_dim",
        "_is_view",
        "__dir__",
        "register_post_accumulate_grad_hook",
        "_record_function_enter_new",
        "is_set_to",
        "is_inference",
        "result_type",
        "storage",
        "_record_function_exit._RecordFunction",
        "__deepcopy__",
        "__reduce_ex__",
        "is_signed",
        "_dimI",
        "_dimV",
        "get_default_dtype",
        "promote_types",
        "can_cast",
        "is_tensor",
        "is_storage",
        "set_default_dtype",
        "manual_seed",
        "is_grad_enabled",
        "__setstate__",
        "__str__",
        "set_grad_enabled",
        "_nnz",
        "is_coalesced",
        "is_sparse",
        "is_conj",
        "is_neg",
        "allclose",
        "equal",
        "is_nonzero",
        "typename",
    ]
)
_ALIASES = {"nll_loss_nd": "nll_loss", "softmax_": "softmax", "special_softmax": "softmax", "Softmax": "softmax"}
_ALIASES |= {
    "expit": "sigmoid",
    "special_expit": "sigmoid",
    "special_log_softmax": "log_softmax",
    "logsigmoid": "log_sigmoid",
}


@functools.lru_cache(maxsize=4096)
def name_of(function: Callable[..., Any]) -> str | None:
    """The last name of a torch function; None where its calls say nothing about a training."""
    name = getattr(function, "__name__", "")
    if name in ("__get__", "__set__"):
        parts = (resolve_name(function) or "").split(".")
        owner = parts[-2] if len(parts) > 1 else ""
        if name == "__get__":
            return owner if owner in _PROPERTIES else None
        return f"set {owner}" if owner in _SETTERS else None
    if not name or name in _DULL:
        return None
    return _ALIASES.get(name, name)


@functools.lru_cache(maxsize=256)
def _signature(name: str) -> inspect.Signature | None:
    function = getattr(F, name, None)
    try:
        return inspect.signature(function) if function is not None else None
    except (TypeError, ValueError):  # a builtin has no signature to read
        return None


def bound(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by name, where torch.nn.functional tells them; else by position, as "#1"."""
    signature = _signature(name)
    if signature is not None:
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError:  # a method of the same name takes its arguments in another way
            return {**{f"#{place}": value for place, value in enumerate(args)}, **kwargs}
        if name in LOSSES:
            given.apply_defaults()
        return dict(given.arguments)
    return {**{f"#{place}": value for place, value in enumerate(args)}, **kwargs}


def plain(value: Any) -> Any:
    """An argument without its tensors, which are kept elsewhere."""
    if isinstance(value, torch.Tensor):
        return None
    if isinstance(value, list | tuple):
        return tuple(plain(item) for item in value)
    return value
