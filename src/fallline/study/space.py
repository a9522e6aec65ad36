"""A space of recipes: alternatives for each field, and the recipes that they make together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from torch.quasirandom import SobolEngine

from fallline.catalogue.card import Kind
from fallline.catalogue.given import network_name
from fallline.catalogue.networks import LAYERS
from fallline.catalogue.registry import find, flags, ladder
from fallline.catalogue.resolution import resolved
from fallline.core.errors import ArgumentError, RecipeError
from fallline.core.plain import plain
from fallline.core.ranges import is_range, parse_range
from fallline.core.recipe import Recipe
from fallline.core.task import Target
from fallline.study.plan import OPTIMIZER, RUNGS, filled

__all__ = ["DEFAULT", "Axis", "Candidates", "Space"]

_OPTION_FIELDS: dict[str, Kind] = {f"{kind}_options": kind for kind in ("activation", "loss", "optimizer", "schedule")}
_DRAWS = 64
"""How many points are drawn for each one wanted before a sample is as large as the space allows."""


@dataclass(frozen=True)
class Axis:
    """The alternatives for one field of a recipe, or for one option of its loss, optimizer, schedule or activation.

    Args:
        field: The recipe's field.
        values: The alternatives.
        option: Name of the option within ``field``, which is then ``optimizer_options`` or the like.
    """

    field: str
    values: tuple[Any, ...]
    option: str | None = None

    @property
    def name(self) -> str:
        """What users call it: the option's name, or the field's."""
        return self.option or self.field


@dataclass(frozen=True)
class Candidates:
    """The recipes of a space, without their seeds.

    Args:
        recipes: Resolved, each once.
        notes: What was left out or ignored on the way, one sentence each.
    """

    recipes: tuple[Recipe, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Space:
    """Alternatives for the fields of a recipe; a field without any is planned as in training.

    Args:
        axes: One per field or option that was given.
        named: Whether the optimizers are the user's own choice, and so are taken as the catalogue has them.

    Raises:
        ArgumentError: An axis holds no alternative.
    """

    axes: tuple[Axis, ...]
    named: bool = True

    def __post_init__(self) -> None:
        for axis in self.axes:
            if not axis.values:
                raise ArgumentError(
                    "building the space",
                    f"{axis.name} has no alternatives",
                    got=f"{axis.name} = []",
                    do=f"leave {axis.name} out, or give at least one value",
                )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Space:
        """The space of a mapping: field → value, list of values, or range; options in a mapping of their own.

        Raises:
            ArgumentError: There is nothing to choose from, or a range cannot be read.

        Example:
            >>> space = Space.of({"optimizer": ["sgd", "adam"], "learning_rate": "0.01:1:3log"})
            >>> [axis.values for axis in space.axes]
            [('sgd', 'adam'), (0.01, 0.1, 1.0)]
        """
        axes = []
        for field, value in given.items():
            if field not in _OPTION_FIELDS:
                axes.append(Axis(field, _alternatives(field, value)))
                continue
            if not isinstance(value, Mapping):
                raise _shapeless(field, value, "its options are no mapping of names to alternatives")
            axes += [Axis(field, _alternatives(field, each, option=name), name) for name, each in value.items()]
        return cls(tuple(axes))

    @property
    def losses(self) -> tuple[str, ...]:
        """The losses that it names; empty where it leaves them to the task."""
        return self._named("loss") or ()

    def candidates(self, target: Target, *, rows: int, sample: int | None = None) -> Candidates:
        """The recipes of the whole grid, or of a sample of it.

        What an optimizer, loss, schedule or activation lacks is ignored for it and does not multiply its recipes;
        equal recipes are taken once. What contradicts itself is left out; it is a mistake where an alternative is in no
        recipe of the grid that can be trained, or no recipe of a sample can be.

        Args:
            target: What is to be predicted.
            rows: Training rows.
            sample: How many recipes to draw, by a scrambled Sobol sequence; None: all.

        Raises:
            RecipeError: An alternative is in no recipe that can be trained.
            UnknownNameError: A name is not in the catalogue.
        """
        self._require_owners()
        found: dict[Recipe, tuple[int, ...]] = {}
        refused: dict[str, tuple[tuple[int, ...], RecipeError]] = {}
        for point in self._points(sample):
            given = self._given(point)
            key = repr(given)  # many points may be one recipe, of which some options are ignored
            try:
                found.setdefault(self._resolved(given, target, rows), point)
            except RecipeError as error:
                refused.setdefault(key, (point, error))
            if sample is not None and len(found) == sample:
                break
        if sample is None or not found:  # what a sample has not drawn may go well with the rest
            _require_usable(list(found.values()), list(refused.values()))
        return Candidates(tuple(found), (*self._ignored(), *_left_out([error for _, error in refused.values()])))

    @property
    def _grid(self) -> tuple[Axis, ...]:
        if any(axis.field == "learning_rate" for axis in self.axes):
            return self.axes
        return (*self.axes, Axis("learning_rate", tuple(range(RUNGS))))  # rungs of each optimizer's own ladder

    def _points(self, sample: int | None) -> Iterator[tuple[int, ...]]:
        sizes = [len(axis.values) for axis in self._grid]
        if sample is None or sample >= prod(sizes):
            yield from product(*(range(size) for size in sizes))
            return
        engine = SobolEngine(len(sizes), scramble=True, seed=0)
        for _ in range(_DRAWS):
            for draw in engine.draw(sample).tolist():
                yield tuple(min(int(share * size), size - 1) for share, size in zip(draw, sizes, strict=True))

    def _given(self, point: tuple[int, ...]) -> dict[str, Any]:
        """The fields of the recipe at a point of the grid, without options that it has no use for."""
        chosen = {axis: axis.values[place] for axis, place in zip(self._grid, point, strict=True)}
        if self._some_built_in and any(axis.field == "network" and value for axis, value in chosen.items()):
            chosen = {axis: value for axis, value in chosen.items() if axis.field not in LAYERS}
        given: dict[str, Any] = {axis.field: value for axis, value in chosen.items() if axis.option is None}
        for axis, value in chosen.items():
            if axis.option is None:
                continue
            kind = _OPTION_FIELDS[axis.field]
            if kind not in given or _has(kind, given[kind], axis.option):
                given.setdefault(axis.field, {})[axis.option] = value
        return given

    def _resolved(self, given: dict[str, Any], target: Target, rows: int) -> Recipe:
        own = "learning_rate" not in {axis.field for axis in self.axes}
        rung = given.pop("learning_rate") if own else None
        recipe = filled(given, target=target, rows=rows, named=self.named)
        if rung is not None:
            recipe = recipe.replace(learning_rate=ladder(recipe.optimizer, RUNGS)[rung])
        return resolved(recipe, target, rows=rows)

    @property
    def _some_built_in(self) -> bool:
        """Whether the built-in network is one of several, so that what is said of layers is said of it alone."""
        return None in (self._named("network") or ())

    def _named(self, kind: str) -> tuple[str, ...] | None:
        return next((axis.values for axis in self.axes if axis.field == kind), None)

    def _require_owners(self) -> None:
        """An option belongs to at least one of the names that the space holds."""
        for axis in self.axes:
            kind = _OPTION_FIELDS.get(axis.field)
            named = None if kind is None else self._named(kind)
            if kind is None or named is None or any(_has(kind, name, axis.option) for name in named):
                continue
            owners = [
                owner.name for pairs in flags(kind).values() for owner, option in pairs if option.name == axis.option
            ]
            raise RecipeError(
                "building the space",
                f"no {kind} in it has an option {axis.option!r}",
                expected=f"one of {', '.join(owners)}" if owners else None,
                got=f"--{kind} {','.join(named)}",
                do=f"--{kind} {owners[0]}, or leave {axis.option} out" if owners else f"leave {axis.option} out",
            )

    def _ignored(self) -> list[str]:
        """What is said of options that some of the names have no use for, and of optimizers that nobody named."""
        notes = []
        if self._named("optimizer") is None:
            notes.append(f"No optimizer was named: {OPTIMIZER} alone is compared.")
        own = [network_name(network) for network in self._named("network") or () if network is not None]
        for axis in self.axes:
            if axis.field in LAYERS and own and self._some_built_in:
                notes.append(f"{axis.name} is ignored for {', '.join(own)}: the function decides on its layers.")
            kind = _OPTION_FIELDS.get(axis.field)
            if kind is None:
                continue
            without = [name for name in self._named(kind) or () if not _has(kind, name, axis.option)]
            if without:
                notes.append(f"{axis.option} is ignored for {', '.join(without)}: no such option there.")
        return notes


DEFAULT = Space(
    (
        Axis("optimizer", ("sgd", "adam", "adamw", "rmsprop")),
        Axis("widths", ((32,), (128, 32))),
        Axis("activation", ("relu", "tanh")),
    ),
    named=False,
)
"""What is compared where nothing is named: with a ladder of 16 learning rates 256 recipes."""


def _has(kind: Kind, name: str, option: str | None) -> bool:
    """Whether an entry has an option; a foreign optimizer may have any."""
    return ":" in name or any(own.name == option for own in find(kind, name).card.options)


def _require_usable(good: Sequence[tuple[int, ...]], refused: Sequence[tuple[tuple[int, ...], RecipeError]]) -> None:
    """Each alternative is in a recipe that can be trained; if it contradicts all others, it is a mistake."""
    used = {(axis, place) for point in good for axis, place in enumerate(point)}
    for point, error in refused:
        if any((axis, place) not in used for axis, place in enumerate(point)):
            raise error


def _alternatives(field: str, value: Any, *, option: str | None = None) -> tuple[Any, ...]:
    """``value`` as alternatives: a list of them, an array, a range, or the only one."""
    name = option or field
    value = _frozen(name, plain(value))
    if isinstance(value, str) and is_range(value) and field not in ("network", "optimizer"):
        return parse_range(value, doing=f"reading {name}")
    if field == "network":
        each = value if isinstance(value, tuple) else (value,)
        return tuple(None if network == "none" else network for network in each)
    if not isinstance(value, tuple):
        return (value,)
    if _holds_numbers(field, option) and not any(isinstance(each, tuple) for each in value):
        return (value,) if value or field == "widths" else ()
    return value


def _frozen(name: str, value: Any) -> Any:
    """Lists as tuples, at any depth.

    Raises:
        ArgumentError: There is a mapping among them, which holds no alternatives.
    """
    if isinstance(value, Mapping):
        wrong = f"{name} is a mapping, not alternatives: options are given once, and what lacks one ignores it"
        raise _shapeless(name, value, wrong)
    return tuple(_frozen(name, each) for each in value) if isinstance(value, list) else value


def _shapeless(name: str, value: Any, wrong: str) -> ArgumentError:
    return ArgumentError(
        "building the space",
        wrong,
        expected="a value, a list of them, or a range",
        got=f"{name} = {value!r}"[:120],
        do='learning_rate=[0.1, 0.01], optimizer_options={"momentum": [0, 0.9]}',
    )


def _holds_numbers(field: str, option: str | None) -> bool:
    """Whether one value is a list itself: widths, class weights."""
    if field == "widths":
        return True
    kind = _OPTION_FIELDS.get(field)
    if kind is None:
        return False
    pairs = [pair for owners in flags(kind).values() for pair in owners]
    return any(each.name == option and each.holds == "numbers" for _, each in pairs)


def _left_out(refused: Sequence[RecipeError]) -> list[str]:
    """One sentence for each reason for which recipes were left out."""
    reasons: dict[str, int] = {}
    for error in refused:
        reasons[f"{error.doing}: {error.wrong}"] = reasons.get(f"{error.doing}: {error.wrong}", 0) + 1
    return [
        f"Left out, as they contradict themselves: {count:,} {'recipe' if count == 1 else 'recipes'} ({why})."
        for why, count in reasons.items()
    ]
