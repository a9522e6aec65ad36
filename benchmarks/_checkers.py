"""The checkers that are asked: ours, three peers, and torch's own exceptions and warnings."""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

import fallline as fl

__all__ = ["CHECKERS", "STEPS", "Answer", "CannotAskError", "Checker"]

STEPS = 20
"""Training steps at most of those that watch a training; a case may be shorter."""
Setup = dict[str, Any]


class CannotAskError(Exception):
    """The checker takes no set-up of this kind: a step of one's own, inputs that are no single tensor."""


@dataclass(frozen=True)
class Answer:
    """What a checker said of one set-up: the names of its messages, and of those that are more than a remark."""

    said: frozenset[str] = frozenset()
    alarms: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Checker:
    """A checker.

    Args:
        name: What it is called.
        ask: The set-up is built and handed to it.
        names: Which of its messages can be taken to name which mistakes, generously; a mistake is called by the rule of
            ours that is about it. None: its messages are those rules.
    """

    name: str
    ask: Callable[[Setup], Answer]
    names: Mapping[str, frozenset[str]] | None = field(default=None)

    @property
    def is_there(self) -> bool:
        """Whether it is installed."""
        try:
            importlib.import_module(self.name.replace("-", "_"))
        except ImportError:
            return False
        return True


def _fallline(setup: Setup) -> Answer:
    optimizer = setup.get("optimizer")
    diagnosis = fl.check(
        setup["model"],
        setup["loss_fn"],
        setup["batch"],
        setup.get("optimizer_factory") if optimizer is None else optimizer,
        train_step=setup.get("train_step"),
        scheduler=setup.get("scheduler"),
    )
    codes = {finding.code: finding.severity for finding in diagnosis.findings}
    return Answer(frozenset(codes), frozenset(code for code, severity in codes.items() if severity != "hint"))


def _torchtest2(setup: Setup) -> Answer:
    import torchtest2

    _require_plain(setup)
    x, y = setup["batch"]
    built = _built(setup)
    report = torchtest2.check_model(setup["model"], x, y, loss_fn=setup["loss_fn"], optimizer=built["optimizer"])
    labels = frozenset(result.name for result in (*report.failures, *report.warnings))
    return Answer(labels, labels)


def _torch_audit(setup: Setup) -> Answer:
    """Its hints about the hardware (TA2..: sizes that no 8 divides, as nearly all here are) count as no alarm."""
    from torch_audit import autopatch

    built = _built(setup)
    auditor = autopatch(built["model"], optimizer=built["optimizer"], every_n_steps=1)
    try:
        with contextlib.suppress(StopIteration):
            _train(built)
        findings = auditor.finish(report=False).findings
    finally:
        auditor.unpatch()
    return Answer(
        frozenset(each.rule_id for each in findings),
        frozenset(each.rule_id for each in findings if each.severity.value != "INFO" and each.rule_id[:3] != "TA2"),
    )


_TORCHDIAG = {
    "frozen": "frozen",
    "disconnected": "disconnected",
    "None gradients": "disconnected",
    "exploding": "exploding",
    "vanishing": "vanishing",
    "neurons dead": "dead",
    "not learning": "nothing moved",
    "not finite": "not finite",
    "failed": "raised",
}


def _torchdiag(setup: Setup) -> Answer:
    import torchdiag

    _require_plain(setup)
    built = _built(setup)
    x, y = built["batch"]
    if not isinstance(x, Tensor) or built["optimizer"] is None:
        raise CannotAskError
    torchdiag.summary(built["model"])
    torchdiag.check_dead_neurons(built["model"], x)
    built["model"].train()
    torchdiag.verify_step(built["model"], built["optimizer"], built["loss_fn"], x, y)
    torchdiag.check_gradients(built["model"])
    return Answer()  # it prints: see `_heard`


def _torch(setup: Setup) -> Answer:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _train(_built(setup))
    labels = frozenset("warning" for warning in caught if issubclass(warning.category, UserWarning))
    return Answer(labels, labels)


def _heard(ask: Callable[[Setup], Answer]) -> Callable[[Setup], Answer]:
    """What torchdiag prints, as messages with names."""

    def listening(setup: Setup) -> Answer:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                ask(setup)
                raised = frozenset[str]()
            except CannotAskError:
                raise
            except Exception:  # that of the set-up, which it hands on
                raised = frozenset({"raised"})
        issues = [line for line in printed.getvalue().splitlines() if line.strip().startswith("•")]
        labels = raised | {label for text, label in _TORCHDIAG.items() for line in issues if text in line}
        return Answer(labels, labels)

    return listening


def _passing_on(ask: Callable[[Setup], Answer]) -> Callable[[Setup], Answer]:
    """An exception of the set-up is handed on in torch's words."""

    def asked(setup: Setup) -> Answer:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ask(setup)
        except CannotAskError:
            raise
        except Exception:
            return Answer(frozenset({"raised"}), frozenset({"raised"}))

    return asked


def _require_plain(setup: Setup) -> None:
    if setup.get("train_step") is not None:
        raise CannotAskError


def _built(setup: Setup) -> Setup:
    factory = setup.get("optimizer_factory")
    return setup | {"optimizer": factory(setup["model"])} if factory and setup.get("optimizer") is None else setup


def _train(setup: Setup) -> None:
    step = setup.get("train_step") or _step
    for _ in range(setup["steps"]):
        step(setup["model"], setup["loss_fn"], setup["optimizer"], setup["batch"])


def _step(model: torch.nn.Module, loss_fn: Callable[..., Any], optimizer: Any, batch: Any) -> Any:
    x, y = batch
    optimizer.zero_grad()
    output = model(*x) if isinstance(x, tuple) else model(**x) if isinstance(x, dict) else model(x)
    loss = loss_fn(output, y)
    loss.backward()
    optimizer.step()
    return loss


def _of(**names: str) -> dict[str, frozenset[str]]:
    return {message: frozenset(codes.split()) for message, codes in names.items()}


CHECKERS = (
    Checker("fallline", _fallline),
    Checker(
        "torchtest2",
        _passing_on(_torchtest2),
        _of(
            optimizer_coverage="FL702 FL705",
            gradient_flow="FL601 FL602 FL608 FL707 FL708",
            params_change="FL818 FL504 FL707 FL708",
            loss="FL209 FL210 FL601 FL602 FL903",
            batch_independence="FL212 FL213 FL310",
            eval_determinism="FL802",
            initial_loss="FL900",
            gradient_magnitude="FL904",
            output_finite="FL903",
        ),
    ),
    Checker(
        "torch-audit",
        _passing_on(_torch_audit),
        _of(
            TA100="FL901 FL903 FL904",
            TA103="FL910 FL911",
            TA104="FL601 FL602 FL508",
            TA105="FL910",
            TA301="FL102 FL906",
            TA302="FL901",
            TA303="FL202",
            TA304="FL217",
            TA305="FL103 FL215",
            TA401="FL909",
            TA402="FL909",
            TA500="FL608 FL703",
        ),
    ),
    Checker(
        "torchdiag",
        _passing_on(_heard(_torchdiag)),
        {
            "dead": frozenset({"FL910"}),
            "vanishing": frozenset({"FL912"}),
            "disconnected": frozenset({"FL601", "FL602", "FL608"}),
            "frozen": frozenset({"FL601"}),
            "not finite": frozenset({"FL903"}),
        },
    ),
    Checker("torch", _passing_on(_torch), {}),
)
