"""The mean of models: an output that is read as the mean of what each of them predicts."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from fallline.catalogue.averaging import MeanModel, mean_outputs
from fallline.catalogue.losses import LOSSES
from fallline.catalogue.networks import HEADS
from fallline.catalogue.readout import Prediction, read_outputs
from fallline.catalogue.registry import contract_of
from fallline.catalogue.resolution import resolved
from fallline.core.recipe import Recipe
from fallline.core.task import Target, Task

TARGETS = {
    Task.regression: Target(name="y", task=Task.regression, reason="numbers", mean=(3.0,), scale=(20.0,)),
    Task.counts: Target(name="y", task=Task.counts, reason="counts"),
    Task.binary: Target(name="y", task=Task.binary, reason="booleans", classes=(False, True)),
    Task.multiclass: Target(name="y", task=Task.multiclass, reason="text", classes=("a", "b", "c")),
    Task.multilabel: Target(name="a, b", columns=("a", "b"), task=Task.multilabel, reason="booleans"),
}
PAIRS = [(loss.card.name, task) for loss in LOSSES for task in loss.contract.tasks]
MODELS, ROWS = 3, 200


def recipe_of(loss: str, task: Task) -> Recipe:
    return resolved(Recipe(loss=loss, dtype="float64"), TARGETS[task], rows=ROWS)


def outputs_of(recipe: Recipe, task: Task) -> Tensor:
    """What three models of the loss might return, ``(model, row, unit)``."""
    contract = contract_of(recipe)
    raw = torch.randn(MODELS, ROWS, contract.width(TARGETS[task]), generator=torch.Generator().manual_seed(3)).double()
    return nn.Sequential(*HEADS[contract.head]())(raw)


def read(recipe: Recipe, task: Task, outputs: Tensor) -> Prediction:
    return read_outputs(recipe, TARGETS[task], outputs)


@pytest.mark.parametrize(("loss", "task"), PAIRS)
def test_the_mean_is_read_as_the_mean_of_the_predictions(loss: str, task: Task):
    recipe = recipe_of(loss, task)
    outputs = outputs_of(recipe, task)
    mean = read(recipe, task, mean_outputs(contract_of(recipe), outputs))
    each = [read(recipe, task, one) for one in outputs]
    if mean.score is None:
        torch.testing.assert_close(mean.value, torch.stack([one.value for one in each]).mean(0))
    elif mean.probability:
        scores = torch.stack([one.score for one in each]).mean(0)
        torch.testing.assert_close(mean.score, scores)
        if task.classifies:
            assert torch.equal(mean.value, scores.argmax(1))
        else:
            assert torch.equal(mean.value, (scores > 0.5).long())
    else:  # margins have no unit in which predictions could be averaged
        expected = read(recipe, task, outputs.mean(0))
        assert torch.equal(mean.value, expected.value)
        assert torch.equal(mean.score, expected.score)


@pytest.mark.parametrize(("loss", "task"), PAIRS)
def test_the_mean_of_models_that_agree_is_what_each_of_them_predicts(loss: str, task: Task):
    recipe = recipe_of(loss, task)
    one = outputs_of(recipe, task)[:1]
    mean = read(recipe, task, mean_outputs(contract_of(recipe), one.expand(MODELS, -1, -1)))
    alone = read(recipe, task, one[0])
    torch.testing.assert_close(mean.value.double(), alone.value.double())
    for name in ("score", "deviation"):
        if getattr(alone, name) is not None:
            torch.testing.assert_close(getattr(mean, name), getattr(alone, name))


def test_the_deviation_is_that_of_the_models_distributions_taken_together():
    """Var = E[Var] + Var[E]: two normal distributions of variance 1 about -2 and 2 have, together, one of 5."""
    recipe = recipe_of("gaussian_nll", Task.counts if ("gaussian_nll", Task.counts) in PAIRS else Task.regression)
    target = Target(name="y", task=Task.regression, reason="numbers")
    spread = torch.tensor(1.0, dtype=torch.float64).expm1().log()  # softplus of it is 1
    outputs = torch.stack([torch.stack([torch.tensor(mean).double(), spread])[None] for mean in (-2.0, 2.0)])
    found = read_outputs(recipe, target, mean_outputs(contract_of(recipe), outputs))
    assert found.value.item() == pytest.approx(0, abs=1e-12)
    assert found.deviation.item() == pytest.approx(5**0.5)


@pytest.mark.parametrize("size", [1e-30, 1e-3, 1.0, 80.0, 1e4])
@pytest.mark.parametrize("reading", ["logit", "logits", "exp", "mean_and_variance"])
def test_outputs_of_any_size_have_a_mean(reading: str, size: float):
    loss = next(loss for loss in LOSSES if loss.contract.reading == reading)
    outputs = torch.tensor([[[size, -size]], [[size, -size]]])
    found = mean_outputs(loss.contract, outputs)
    if reading == "mean_and_variance":  # a variance that underflows is 0 however it is said
        found, outputs = (torch.cat((each[..., :1], softplus(each[..., 1:])), dim=-1) for each in (found, outputs))
    if reading != "logits":
        torch.testing.assert_close(found, outputs[0], rtol=1e-5, atol=1e-5)
    assert found.isfinite().all()


def test_a_mean_model_is_a_module_that_maps_rows_to_outputs():
    contract = next(loss.contract for loss in LOSSES if loss.card.name == "bce_with_logits")
    models = [nn.Linear(4, 1) for _ in range(MODELS)]
    inputs = torch.randn(5, 4)
    with torch.no_grad():
        found = MeanModel(contract, models)(inputs)
        expected = torch.stack([model(inputs).sigmoid() for model in models]).mean(0)
    torch.testing.assert_close(found.sigmoid(), expected)
    assert sum(1 for _ in MeanModel(contract, models).parameters()) == 2 * MODELS
