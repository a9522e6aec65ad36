"""Sample comparisons, with realistic numbers made without chance."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

from fallline.render.comparison import Comparison, Curve, HeatCell, Place, PlanLine, Tolerance

SWEET = {"adam": -2.3, "adamw": -2.2, "rmsprop": -2.9, "sgd": -0.7}
"""The power of ten at which each optimizer does best."""
LADDERS = {"adam": (-5.0, 0.0), "adamw": (-5.0, 0.0), "rmsprop": (-5.0, -0.5), "sgd": (-3.5, 1.0)}
WIDTHS, ACTIVATIONS = ("32", "128, 32"), ("relu", "tanh")
EVIL = "</script><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>\x1b[31m[red]%{x}"


def wave(*at: float) -> float:
    """A number between -1 and 1 that looks drawn by lot and is the same each time."""
    index = sum(part * factor for part, factor in zip(at, (12.9898, 78.233, 37.719), strict=False))
    return math.sin(index + 7.3 * math.sin(1.7 * index))


def rates(optimizer: str, count: int = 16) -> list[float]:
    """An optimizer's own ladder of learning rates."""
    low, high = LADDERS[optimizer]
    return [10.0 ** (low + (high - low) * rung / (count - 1)) for rung in range(count)]


def quality(optimizer: str, rate: float, widths: int, activation: int) -> float | None:
    """A ROC AUC, best at the optimizer's sweet spot; None where it diverged."""
    off = math.log10(rate) - SWEET[optimizer]
    if off > (1.5 if optimizer == "sgd" else 2.0):
        return None
    top = 0.921 - 0.004 * list(SWEET).index(optimizer) + 0.004 * widths - 0.003 * activation
    return max(top - 0.014 * off**2 - 0.03 * max(-off - 1.5, 0) ** 2 + 0.003 * wave(off, widths, activation), 0.5)


def places_of(recipes: list[tuple[tuple[tuple[str, str], ...], float | None]], seeds: int) -> tuple[Place, ...]:
    """The ranking of recipes with their means."""
    ordered = sorted(recipes, key=lambda pair: -math.inf if pair[1] is None else pair[1], reverse=True)
    best = ordered[0][1] or 0.0
    places = []
    for rank, (fields, mean) in enumerate(ordered, start=1):
        asked = rank <= 50 and mean is not None
        half = 0.02 + 0.006 * wave(rank)
        lost = seeds if mean is None else 1 if rank % 40 == 0 else 0
        places.append(
            Place(
                rank=rank,
                fields=fields,
                mean=mean,
                low=mean - half if asked else None,
                high=mean + 0.8 * half if asked else None,
                seeds=seeds,
                distinguishable=None if not asked or rank == 1 else best - mean > 0.009 + 0.002 * wave(rank, 5),
                outcomes=tuple(pair for pair in (("stopped", seeds - lost), ("diverged", lost)) if pair[1]),
                chosen=rank == 1,
            )
        )
    return tuple(places)


def curve_of(optimizer: str, label: str, at: int, *, seeds: int = 4, start: float = 0.7, floor: float = 0.36) -> Curve:
    """Validation losses that fall and then rise a little, of seeds that stop at different epochs."""
    courses = []
    for seed in range(seeds):
        epochs = 42 + round(20 * (1 + wave(at, seed)))
        speed = 0.22 / (1 + at)
        courses.append(
            tuple(
                (floor + 0.01 * at + (start - floor) * math.exp(-speed * epoch))
                * (1 + 0.012 * wave(at, seed, epoch) + 0.01 * wave(seed) + 0.0022 * max(epoch - 22, 0))
                for epoch in range(epochs)
            )
        )
    return Curve(optimizer, label, tuple(courses))


def heart(seeds: int = 4) -> Comparison:
    """The default space on a small table: 256 recipes, 1,024 runs."""
    grid = [
        (optimizer, rate, width, activation)
        for optimizer in SWEET
        for rate, width, activation in product(rates(optimizer), range(2), range(2))
    ]
    recipes = [
        (
            (
                ("optimizer", optimizer),
                ("learning_rate", f"{rate:.4g}"),
                ("widths", WIDTHS[width]),
                ("activation", ACTIVATIONS[activation]),
            ),
            quality(optimizer, rate, width, activation),
        )
        for optimizer, rate, width, activation in grid
    ]
    heat = []
    for optimizer in SWEET:
        for rate in rates(optimizer):
            found = [quality(optimizer, rate, *rest) for rest in product(range(2), range(2))]
            known = [value for value in found if value is not None]
            edge = math.log10(rate) - SWEET[optimizer] > 1.2
            share = 1.0 if not known else 0.25 if edge else 0.0
            heat.append(HeatCell(optimizer, rate, max(known, default=None), share))
    return Comparison(
        metric="roc_auc",
        higher=True,
        recipes=len(recipes),
        seeds=seeds,
        runs=len(recipes) * seeds,
        model_steps_per_second=412_345.6,
        places=(places := places_of(recipes, seeds)),
        level=1 + sum(place.distinguishable is False for place in places),
        heat=tuple(heat),
        tolerances=tuple(
            Tolerance(
                name, width, (10 ** (SWEET[name] - width / 2), 10 ** (SWEET[name] + width / 2)), 10 ** SWEET[name]
            )
            for name, width in (("adamw", 2.33), ("adam", 2.0), ("sgd", 1.5), ("rmsprop", 1.2))
        ),
        curves=tuple(
            curve_of(name, f"{name}, {10 ** SWEET[name]:.3g}, 128, 32, relu", at, seeds=seeds)
            for at, name in enumerate(SWEET)
        ),
        loss="bce_with_logits",
        plan=(
            PlanLine("runs", "1,024: 256 recipes × 4 seeds, at most 100 epochs of 6 batches"),
            PlanLine("steps", "614,400 at most, 100 % of them on native in 64 blocks of 16 runs"),
            PlanLine("memory", "38 MB"),
            PlanLine("time", "about 4 s, from a measurement of 0.2 s"),
            PlanLine("batching", "62 times as fast as one run after another at these widths"),
        ),
        outcomes=(("finished", 212), ("stopped", 684), ("diverged", 128)),
        timings=(
            ("reading", 0.041),
            ("planning", 0.31),
            ("training", 3.42),
            ("validation", 0.27),
            ("ranking", 0.52),
            ("baselines", 1.61),
            ("writing", 0.33),
        ),
    )


def mpg() -> Comparison:
    """Several losses, an error that is to be small, single seeds, a few senseless values, an optimizer without any."""
    base = heart(seeds=1)
    huge = {3: 8.1e17, 9: 4400.0}
    heat = tuple(
        replace(cell, value=huge.get(at, None if cell.value is None else 2.4 + 30 * (0.93 - cell.value)))
        for at, cell in enumerate(base.heat)
    )
    places = tuple(
        replace(
            place,
            fields=(*place.fields, ("loss", ("mse", "huber", "smooth_l1")[place.rank % 3]), ("weight_decay", "0.0001")),
            mean=None if place.mean is None else 2.4 + 30 * (0.93 - place.mean),
            low=None if place.low is None or place.high is None else 2.4 + 30 * (0.93 - place.high),
            high=None if place.low is None else 2.4 + 30 * (0.93 - place.low),
        )
        for place in base.places
    )
    lost = tuple(HeatCell("adagrad", rate, None, 1.0) for rate in (0.01, 0.1, 1.0))
    return replace(
        base,
        metric="rmse",
        higher=False,
        places=places,
        heat=(*heat, *lost),
        tolerances=(*base.tolerances[:3], Tolerance("adagrad", None, None, None)),
        curves=tuple(
            curve_of(name, f"{name}, 0.01, {loss}", at, seeds=1 + 2 * (at % 2), start=(1.0, 400.0, 0.9)[at], floor=0.09)
            for at, (name, loss) in enumerate((("adam", "huber"), ("rmsprop", "mse"), ("sgd", "smooth_l1")))
        ),
        loss="",
    )


def lone() -> Comparison:
    """One optimizer at one rate: a single recipe."""
    base = heart()
    return replace(
        base,
        recipes=1,
        runs=4,
        places=(
            replace(base.places[0], fields=(("optimizer", "adam"), ("learning_rate", "0.01")), distinguishable=None),
        ),
        level=1,
        heat=(HeatCell("adam", 0.01, 0.9, 0.0),),
        tolerances=(Tolerance("adam", None, None, 0.01),),
        curves=base.curves[:1],
        outcomes=(("stopped", 4),),
    )


def lost() -> Comparison:
    """Every run diverged."""
    base, lost = heart(), (("diverged", 4),)
    return replace(
        base,
        places=tuple(
            replace(place, mean=None, low=None, high=None, distinguishable=None, chosen=False, outcomes=lost)
            for place in base.places
        ),
        level=0,
        heat=tuple(replace(cell, value=None, diverged=1.0) for cell in base.heat),
        tolerances=tuple(Tolerance(name, None, None, None) for name in SWEET),
        curves=tuple(Curve(name, f"{name}, 1", ((math.inf,), (math.nan,))) for name in SWEET),
        outcomes=(("diverged", 1024),),
    )


def nothing() -> Comparison:
    """Interrupted before anything was reached."""
    return replace(
        heart(), recipes=0, runs=0, model_steps_per_second=0.0, places=(), level=0, heat=(), tolerances=(), curves=(),
        plan=(), outcomes=(), timings=(),
    )  # fmt: skip


def crowd() -> Comparison:
    """1,024 recipes of 14 optimizers at 40 rates each, with long names."""
    names = [f"optimizer_with_a_name_{number}" for number in range(14)]
    rungs = [10 ** (-5 + 6 * rung / 39) for rung in range(40)]
    heat = tuple(
        HeatCell(
            name, rate * (1 + 0.1 * wave(at)), 0.5 + 0.4 * math.exp(-((math.log10(rate) + 2 + wave(at)) ** 2)), 0.0
        )
        for at, name in enumerate(names)
        for rate in rungs
    )
    recipes = [
        (
            (
                ("optimizer", names[number % 14]),
                ("learning_rate", f"{rungs[number % 40]:.4g}"),
                ("widths", "256, 128, 64, 32"),
                ("activation", "relu" if number % 2 else "leaky_relu"),
                ("loss", "binary_cross_entropy_with_logits" if number % 3 else "soft_margin"),
                ("weight_decay", f"{10.0 ** -(number % 5)}"),
                ("batch_size", f"{2 ** (number % 6)}"),
                ("dropout", "0.1" if number % 2 else "0"),
            ),
            0.5 + 0.4 * abs(wave(number)),
        )
        for number in range(1024)
    ]
    return replace(
        heart(),
        recipes=1024,
        runs=8192,
        seeds=8,
        model_steps_per_second=12_345_678.0,
        places=(places := places_of(recipes, 8)),
        level=1 + sum(place.distinguishable is False for place in places),
        heat=heat,
        tolerances=tuple(Tolerance(name, 1.5, (0.001, 0.03), 0.01) for name in names),
        curves=tuple(curve_of(name, f"{name}, 0.01, 256, 128, 64, 32", at, seeds=8) for at, name in enumerate(names)),
    )


def hostile() -> Comparison:
    """Every text is an attempt at breaking out of where it is written."""
    base = heart()
    return replace(
        base,
        metric=EVIL,
        places=tuple(
            replace(place, fields=((EVIL, EVIL), ("n", str(place.rank))), outcomes=((EVIL, 4),))
            for place in base.places
        ),
        heat=tuple(replace(cell, optimizer=cell.optimizer + EVIL) for cell in base.heat),
        tolerances=tuple(replace(each, optimizer=each.optimizer + EVIL) for each in base.tolerances),
        curves=tuple(replace(curve, optimizer=curve.optimizer + EVIL, label=EVIL) for curve in base.curves),
        loss=EVIL,
        plan=(PlanLine(EVIL, EVIL),),
        outcomes=((EVIL, 1024),),
        timings=((EVIL, 1.0),),
    )


SAMPLES = {
    "heart": heart,
    "one seed": lambda: heart(seeds=1),
    "mpg": mpg,
    "lone": lone,
    "lost": lost,
    "nothing": nothing,
    "crowd": crowd,
    "hostile": hostile,
}
"""One of each awkward kind."""
