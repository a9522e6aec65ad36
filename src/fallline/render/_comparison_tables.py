"""The tables of a comparison's page: small functions from plain data to escaped HTML."""

from __future__ import annotations

from collections.abc import Sequence

from fallline.render._comparison_fields import (
    compared,
    fields_of,
    heading_of,
    intervals,
    is_number,
    outcomes_text,
    steps_text,
    verdict,
)
from fallline.render._comparison_grid import Grid
from fallline.render._comparison_words import NO_TOLERANCE
from fallline.render._parts import escaped, table
from fallline.render.comparison import Comparison, Place
from fallline.render.number import aligned, short

__all__ = ["FIRST", "ranking", "tiles", "timings", "tolerances"]

FIRST = 50
"""So many places are shown at once; the rest is to unfold."""
_LONG = 32
"""Longer texts may be broken."""


def tiles(comparison: Comparison) -> str:
    """The comparison in four numbers."""
    pairs = [
        (f"{comparison.runs:,}", "runs" if comparison.runs != 1 else "run"),
        (f"{comparison.recipes:,}", _recipes(comparison)),
        (steps_text(comparison.model_steps_per_second), "model-steps a second"),
    ]
    if asked := compared(comparison):
        pairs.append((f"{comparison.level:,}", f"of the first {asked + 1:,} not distinguishable from the best"))
    body = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for value, name in pairs)
    return f'<dl class="tiles">{body}</dl>'


def _recipes(comparison: Comparison) -> str:
    noun = "recipe" if comparison.recipes == 1 else "recipes"
    crossed = ((comparison.seeds, "seeds"), (comparison.folds, "folds"))
    return noun + "".join(f" × {count} {each}" for count, each in crossed if count > 1)


def ranking(comparison: Comparison) -> str:
    """The first 50 places, the others to unfold."""
    first, rest = comparison.places[:FIRST], comparison.places[FIRST:]
    if not first:
        return ""
    names = fields_of(comparison.places, apart=False).names
    shown = f'<div class="dense">{_places(first, names, comparison)}</div>{_key(comparison)}'
    if not rest:
        return shown
    last = rest[-1].rank
    return (
        f"{shown}<details><summary>Places {rest[0].rank:,} to {last:,}</summary>"
        f'<div class="dense">{_places(rest, names, comparison)}</div></details>'
    )


def _key(comparison: Comparison) -> str:
    """How places were compared, where they were."""
    if not any(place.distinguishable is not None for place in comparison.places):
        return ""
    drawn = "seeds and validation rows, drawn again together," if comparison.seeds > 1 else "validation rows"
    text = (
        "Not distinguishable: the 95 % interval of its difference from the best, in pairs over the same "
        f"{drawn} holds 0."
    )
    if comparison.seeds == 1:
        text += " With one seed nothing is known of what chance does in training."
    return f'<p class="key">{text}</p>'


def tolerances(comparison: Comparison, grid: Grid) -> str:
    """How far each optimizer's learning rate may be off; nothing where none of them reached a loss."""
    if all(each.best_rate is None for each in comparison.tolerances):
        return ""
    best = {row.optimizer: row.best.cell.value if row.best else None for row in grid.rows}
    values = aligned([best.get(each.optimizer) for each in comparison.tolerances])
    decades = aligned([each.decades for each in comparison.tolerances], 2)
    head = ["optimizer", "tolerance, decades", "learning rates", "lowest loss at", f"best {heading_of(comparison)}"]
    rows = [
        [
            f'<th scope="row">{escaped(each.optimizer)}</th>',
            f'<td class="number">{width}</td>',
            f'<td class="number">{_range(each.rates)}</td>',
            f'<td class="number">{short(each.best_rate)}</td>',
            f'<td class="number">{value}</td>',
        ]
        for each, width, value in zip(comparison.tolerances, decades, values, strict=True)
    ]
    names = [_head(name, number=place > 0) for place, name in enumerate(head)]
    key = "Tolerance: how many powers of ten of learning rates reach within 1.1 times the lowest validation loss."
    if any(each.decades is None for each in comparison.tolerances):
        key += f" {NO_TOLERANCE}."
    return f'{table(names, rows)}<p class="key">{key}</p>'


def timings(comparison: Comparison) -> str:
    """What each part of the job took, with its share of all."""
    seconds = [taken for _, taken in comparison.timings]
    total, most = sum(seconds), max(seconds, default=0.0)
    rows = [
        [
            f'<th scope="row">{escaped(name)}</th>',
            f'<td class="number">{text} s</td>',
            f'<td class="number">{taken / total if total else 0:.0%}</td>',
            f'<td class="bar"><i style="width:{100 * taken / most if most else 0:.1f}%"></i></td>',
        ]
        for (name, taken), text in zip(comparison.timings, aligned(seconds, 3), strict=True)
    ]
    rows.append(
        [
            '<th scope="row">together</th>',
            f'<td class="number">{short(total, 3)} s</td>',
            "<td></td>",
            "<td></td>",
        ]
    )
    head = [_head("part"), _head("time", number=True), _head("share", number=True), "<th></th>"]
    return table(head, rows)


def _places(places: Sequence[Place], names: Sequence[str], comparison: Comparison) -> str:
    """A table of some places, under the fields of all."""
    texts = [{name.replace("_", " "): text for name, text in place.fields} for place in places]
    number = [all(is_number(text.get(name, "")) for text in texts) for name in names]
    drawn = any(place.low is not None for place in places)
    asked = any(place.distinguishable is not None for place in places)
    head = [_head("", number=True), *(_head(name, number=right) for name, right in zip(names, number, strict=True))]
    head.append(_head(heading_of(comparison), number=True))
    head += [_head("beside the best")] if asked else []
    head += [_head("95 % interval")] if drawn else []
    head.append(_head("runs"))
    rows = []
    for place, text, (mean, low, high) in zip(places, texts, intervals(places), strict=True):
        cells = [f'<td class="number">{place.rank:,}</td>']
        cells += [
            f'<td class="{_look(text.get(name, ""), right)}">{escaped(text.get(name, ""))}</td>'
            for name, right in zip(names, number, strict=True)
        ]
        cells.append(f'<td class="number{" best" if place.rank == 1 and place.mean is not None else ""}">{mean}</td>')
        cells += [f'<td class="nowrap {_class(place)}">{verdict(place)}</td>'] if asked else []
        cells += [f'<td class="nowrap">{f"{low} to {high}" if place.low is not None else "-"}</td>'] if drawn else []
        cells.append(f'<td class="quiet nowrap">{escaped(outcomes_text(place.outcomes))}</td>')
        rows.append(cells)
    chosen = next((at for at, place in enumerate(places) if place.chosen), None)
    return table(head, rows, chosen=chosen)


def _look(text: str, number: bool) -> str:
    return "number" if number else "nowrap" if len(text) <= _LONG else "text"


def _class(place: Place) -> str:
    return "level" if place.rank == 1 or place.distinguishable is False else "quiet"


def _head(name: str, *, number: bool = False) -> str:
    return f'<th scope="col"{" class=number" if number else ""}>{escaped(name)}</th>'


def _range(rates: tuple[float, float] | None) -> str:
    return "-" if rates is None else f"{short(rates[0], 3)} to {short(rates[1], 3)}"
