"""The wiring of a user's own networks, looked at before a job trains them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import nn

from fallline.catalogue.criteria import Criterion
from fallline.catalogue.given import network_name
from fallline.catalogue.networks import has_batch_norm
from fallline.checks.examination import evidence_of
from fallline.checks.keeping import Keeper
from fallline.checks.places import here
from fallline.checks.rule import diagnose
from fallline.checks.setup import Names, Setup
from fallline.core.errors import RecipeError
from fallline.core.finding import Finding, Place, Severity
from fallline.core.recipe import Recipe
from fallline.core.seeds import BatchOrder, initialised
from fallline.data.dataset import Dataset
from fallline.engines.loop import feed, network_of, torchs_defaults
from fallline.study.events import JobObserver, Stage

__all__ = ["check_networks"]

_OURS = ("FL408", "FL5", "FL701", "FL702", "FL705", "FL706", "FL708", "FL81", *(f"FL90{last}" for last in "01256789"))
"""Rules about what is not the network's: the loop, the optimizer, its rate, the schedule, the table."""
_RATE = 1e-3
_WORK = 5e8
"""Multiplications of a training step at most: a large network is checked on fewer rows."""
_FEW = 16
_MENDS = {"FL309": "end the network in its linear layer"}
"""Where a rule would change the targets, which are made ready here."""


def check_networks(recipes: Iterable[Recipe], data: Dataset, observer: JobObserver) -> tuple[str, ...]:
    """Check each network of the user's own with each of the losses that it is to be trained by.

    A network of its own is built and trained for a few steps, on the batches that the training begins with; what the
    job trains afterwards, and every random state, is as if this had not been done.

    Args:
        recipes: Resolved recipes of the job.
        data: What they are to be trained on.
        observer: Told of the stage, where there is such a network.

    Returns:
        What is doubtful, one note each.

    Raises:
        RecipeError: A network is wired wrong.
    """
    notes: dict[str, None] = {}
    asked_at = here()
    for recipe in _one_of_each(recipes):
        observer(Stage("checking", f"checking the network {_named(recipe)}"))
        found = [finding for finding in _findings(recipe, data) if not finding.code.startswith(_OURS)]
        wrong = [finding for finding in found if finding.severity is Severity.error]
        if wrong:
            raise _error(recipe, wrong, asked_at)
        doubtful = [finding for finding in found if finding.severity is Severity.warning]
        notes |= dict.fromkeys(_note(recipe, finding) for finding in doubtful)
    return tuple(notes)


def _one_of_each(recipes: Iterable[Recipe]) -> Iterator[Recipe]:
    """A recipe for each network of the user's own, loss and precision."""
    known: set[object] = set()
    for recipe in recipes:
        kind = (recipe.network, recipe.loss, repr(recipe.loss_options), recipe.dtype)
        if recipe.network and kind not in known:
            known.add(kind)
            yield recipe


def _findings(recipe: Recipe, data: Dataset) -> tuple[Finding, ...]:
    keeper = Keeper()  # what the function draws from Python's and numpy's generators is put back too
    try:
        with torchs_defaults():
            return diagnose(evidence_of(_setup(recipe, data))).findings
    finally:
        keeper.restore()


def _setup(recipe: Recipe, data: Dataset) -> Setup:
    dtype = getattr(torch, recipe.dtype)
    module = initialised(network_of(recipe, data).build, seed=recipe.seed, dtype=dtype).module.train()
    rows, train = _rows(recipe, module), feed(recipe, data, data.train)
    order = BatchOrder(
        rows=len(train), batch_size=recipe.batch_size, seed=recipe.seed, drop_single=has_batch_norm(module)
    )
    batches = [(train.inputs[batch[:rows]], train.targets[batch[:rows]]) for batch in order.epoch()[:4]]
    return Setup(
        model=module,
        loss=Criterion(recipe, dtype=dtype),
        batches=batches,
        factory=lambda network: torch.optim.Adam((p for p in network.parameters() if p.requires_grad), lr=_RATE),
        names=Names(model="network", loss=recipe.loss),
    )


def _rows(recipe: Recipe, module: nn.Module) -> int:
    """Rows of a batch: as the recipe has it, fewer where a step would take long."""
    numbers = sum(parameter.numel() for parameter in module.parameters())
    return min(recipe.batch_size, max(_FEW, int(_WORK / (6 * max(numbers, 1)))))


def _error(recipe: Recipe, wrong: list[Finding], asked_at: Place | None) -> RecipeError:
    first, *others = wrong
    also = f", and {', '.join(f'{each.code} {each.name}' for each in others)}" if others else ""
    return RecipeError(
        f"checking the network {_named(recipe)} with the loss {recipe.loss}",
        f"{first.what.rstrip('.')} ({first.code} {first.name}{also})",
        got=first.message or _line(first.where, asked_at),
        likely=first.why,
        do=f"{_mend(first)}; to train it as it is: --no-check, or check=False",
    )


def _note(recipe: Recipe, finding: Finding) -> str:
    return (
        f"{finding.code} {finding.name} in the network {_named(recipe)}: {finding.what.rstrip('.')}. "
        f"{finding.why} Write: {_mend(finding)}"
    )


def _named(recipe: Recipe) -> str:
    """The network as the user calls it."""
    return network_name(recipe.network or "")


def _line(place: Place | None, asked_at: Place | None) -> str | None:
    """The line of the network's code; None where it is of our own loop, and so the line that asked for the job."""
    return None if place is None or place == asked_at else f"{place}  {place.text}"


def _mend(finding: Finding) -> str:
    """A mend's code without its comments, on one line."""
    lines = _MENDS.get(finding.code, finding.mend).splitlines()
    return "; ".join(line.partition("    #")[0].strip() for line in lines)
