"""Every loss on the loop is what a plain script does with torch's own function for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from fallline.catalogue.registry import names
from fallline.core.task import Task
from tests.engines.script import Case, assert_number_for_number, columns, ids, net

SEVERAL, CLASSES = 3, 3


def gaussian_nll(outputs: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    mean, spread = outputs.chunk(2, dim=1)
    return functional.gaussian_nll_loss(mean, targets, functional.softplus(spread), eps=1e-6, reduction=reduction)


def log_cosh(outputs: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    error = (outputs - targets).abs()
    each = error + functional.softplus(-2 * error) - torch.tensor(2.0).double().log().item()
    return {"mean": torch.mean, "none": lambda x: x}[reduction](each)


def quantile(outputs: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    each = torch.maximum(0.9 * (targets - outputs), (0.9 - 1) * (targets - outputs))
    return {"mean": torch.mean, "none": lambda x: x}[reduction](each)


def soft_margin(outputs: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    each = functional.softplus(-targets * outputs)
    return {"mean": torch.mean, "none": lambda x: x}[reduction](each)


def focal(outputs: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    log_p = functional.log_softmax(outputs, dim=1).gather(1, targets.unsqueeze(1)).squeeze(1)
    each = -((-torch.expm1(log_p)) ** 2.0) * log_p
    return each if reduction == "none" else each.sum() / len(each)


def kl_div(outputs: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    if reduction == "none":
        return functional.kl_div(outputs, targets, reduction="none").sum(1)
    return functional.kl_div(outputs, targets, reduction="batchmean")


def with_options(function: Callable[..., Tensor], **options) -> Callable[..., Tensor]:
    return lambda outputs, targets, reduction="mean": function(outputs, targets, reduction=reduction, **options)


def one_hot(values: Tensor) -> Tensor:
    return functional.one_hot(values, CLASSES).double()


def plus_minus_one(values: Tensor) -> Tensor:
    return 2 * columns(values) - 1


def label_ids(values: Tensor) -> Tensor:
    rows = [[label for label, given in enumerate(row) if given] for row in values.tolist()]
    return torch.tensor([row + [-1] * (SEVERAL - len(row)) for row in rows])


def says(loss: str, **options) -> dict:
    return {"loss": loss, "loss_options": options}


ONE, MANY, EACH = net(nn.ReLU()), net(nn.ReLU(), outputs=CLASSES), net(nn.ReLU(), outputs=SEVERAL)
LOG_SOFTMAX = net(nn.ReLU(), outputs=CLASSES, head=nn.LogSoftmax(dim=1))
WEIGHTS = (1.0, 2.0, 0.5)
MULTICLASS, BINARY = {"task": Task.multiclass, "targets": ids}, {"task": Task.binary}
LABELS = {"task": Task.multilabel}

CASES = {
    "l1": Case(says("l1"), ONE, functional.l1_loss),
    "smooth_l1": Case(says("smooth_l1", beta=0.5), ONE, with_options(functional.smooth_l1_loss, beta=0.5)),
    "huber": Case(says("huber", delta=0.5), ONE, with_options(functional.huber_loss, delta=0.5)),
    "log_cosh": Case(says("log_cosh"), ONE, log_cosh),
    "quantile": Case(says("quantile", quantile=0.9), ONE, quantile),
    "poisson_nll": Case(says("poisson_nll"), ONE, functional.poisson_nll_loss, task=Task.counts),
    "poisson_nll of the rate itself": Case(
        says("poisson_nll", log_input=False, full=True),
        net(nn.ReLU(), head=nn.Softplus()),
        with_options(functional.poisson_nll_loss, log_input=False, full=True),
        task=Task.counts,
    ),
    "gaussian_nll": Case(says("gaussian_nll"), net(nn.ReLU(), outputs=2), gaussian_nll),
    "gaussian_nll of two targets": Case(says("gaussian_nll"), net(nn.ReLU(), outputs=4), gaussian_nll, several=True),
    "bce_with_logits": Case(says("bce_with_logits"), ONE, functional.binary_cross_entropy_with_logits, **BINARY),
    "bce_with_logits, yes counting twice": Case(
        says("bce_with_logits", pos_weight=(2.0,)),
        ONE,
        with_options(functional.binary_cross_entropy_with_logits, pos_weight=torch.tensor([2.0])),
        **BINARY,
    ),
    "bce_with_logits of labels": Case(
        says("bce_with_logits", pos_weight=WEIGHTS),
        EACH,
        with_options(functional.binary_cross_entropy_with_logits, pos_weight=torch.tensor(WEIGHTS)),
        **LABELS,
    ),
    "bce": Case(says("bce"), net(nn.ReLU(), head=nn.Sigmoid()), functional.binary_cross_entropy, **BINARY),
    "bce of labels": Case(
        says("bce"), net(nn.ReLU(), outputs=SEVERAL, head=nn.Sigmoid()), functional.binary_cross_entropy, **LABELS
    ),
    "soft_margin": Case(says("soft_margin"), ONE, soft_margin, targets=plus_minus_one, task=Task.binary),
    "hinge_embedding": Case(
        says("hinge_embedding", margin=2.0),
        net(nn.ReLU(), head=nn.Softplus()),
        with_options(functional.hinge_embedding_loss, margin=2.0),
        targets=plus_minus_one,
        task=Task.binary,
    ),
    "multilabel_soft_margin": Case(
        says("multilabel_soft_margin", weight=WEIGHTS),
        EACH,
        with_options(functional.multilabel_soft_margin_loss, weight=torch.tensor(WEIGHTS)),
        **LABELS,
    ),
    "multilabel_margin": Case(
        says("multilabel_margin"), EACH, functional.multilabel_margin_loss, targets=label_ids, **LABELS
    ),
    "cross_entropy": Case(says("cross_entropy"), MANY, functional.cross_entropy, **MULTICLASS),
    "cross_entropy of two classes": Case(
        says("cross_entropy"), net(nn.ReLU(), outputs=2), functional.cross_entropy, targets=ids, **BINARY
    ),
    "cross_entropy, smoothed": Case(
        says("cross_entropy", label_smoothing=0.1),
        MANY,
        with_options(functional.cross_entropy, label_smoothing=0.1),
        **MULTICLASS,
    ),
    "nll": Case(says("nll"), LOG_SOFTMAX, functional.nll_loss, **MULTICLASS),
    "focal": Case(says("focal"), MANY, focal, **MULTICLASS),
    "kl_div": Case(says("kl_div"), LOG_SOFTMAX, kl_div, targets=one_hot, task=Task.multiclass),
    "multi_margin": Case(
        says("multi_margin", p=2, margin=0.5),
        MANY,
        with_options(functional.multi_margin_loss, p=2, margin=0.5),
        **MULTICLASS,
    ),
}
OF_CLASSES = {"cross_entropy": functional.cross_entropy, "multi_margin": functional.multi_margin_loss}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_a_run_is_number_for_number_what_a_plain_script_does(case: Case, weighted: bool):
    changes = {name: getattr(case, name) for name in ("targets", "task", "several")}
    assert_number_for_number(Case(case.fields, case.build, case.loss, weighted=weighted, **changes))


@pytest.mark.parametrize("loss", OF_CLASSES)
def test_class_weights_are_torchs(loss: str):
    compute = with_options(OF_CLASSES[loss], weight=torch.tensor(WEIGHTS))
    assert_number_for_number(Case(says(loss, weight=WEIGHTS), MANY, compute, **MULTICLASS))


def test_the_cases_cover_the_losses():
    assert {case.recipe.loss for case in CASES.values()} == set(names("loss")) - {"mse"}  # which is everywhere else
