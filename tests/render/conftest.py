"""Sample reports: the shapes that `train` gives, with realistic numbers made without chance."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from fallline.render.report import Report, RunLine

VERSIONS = "fallline 0.1.0, torch 2.13.0, numpy 2.4.2, AVX-512"
MESSAGES = {
    "stopped": "stopped early: the validation loss had not improved for `patience` epochs",
    "finished": "trained for all its epochs",
    "diverged": "the loss became infinite or not a number",
}


def wave(index: int) -> float:
    """A number between -1 and 1 that looks drawn by lot and is the same each time."""
    return math.sin(12.9898 * index + 78.233 * math.sin(index))


def rates(low: float, high: float, count: int = 16) -> list[float]:
    """``count`` learning rates from ``low`` to ``high``, at equal ratios."""
    return [low * (high / low) ** (place / (count - 1)) for place in range(count)]


def run_line(run: int, rate: float, *, start: float, floor: float, speed: float, outcome: str) -> RunLine:
    """A run whose loss falls from ``start`` towards ``floor`` and, if it stopped early, rises again."""
    epochs = {"stopped": 40 + 3 * run, "finished": 100, "diverged": 6}[outcome]
    training, validation = [], []
    for epoch in range(1, epochs + 1):
        fallen = math.exp(-speed * epoch)
        noise = 1 + 0.012 * wave(97 * run + epoch)
        late = max(epoch - 20 / (1 + speed), 0) if outcome == "stopped" else 0
        training.append((floor * 0.8 + (start - floor * 0.8) * fallen) * (1 + 0.01 * wave(epoch + run)))
        validation.append((floor + (start - floor) * fallen) * noise * (1 + 0.0015 * late))
    if outcome == "diverged":
        validation = [start * 30.0**epoch for epoch in range(epochs - 1)] + [math.inf]
        training = [value * 0.9 for value in validation]
    lowest = min(loss for loss in validation if math.isfinite(loss))
    return RunLine(
        run=run,
        learning_rate=rate,
        outcome=outcome,
        message=MESSAGES[outcome],
        epochs=epochs,
        best_epoch=validation.index(lowest) + 1,
        validation_loss=lowest,
        training=tuple(training),
        validation=tuple(validation),
    )


def ladder(low: float, high: float, *, start: float, floor: float, diverged: int) -> tuple[RunLine, ...]:
    """A ladder whose losses have their valley two thirds up, its last ``diverged`` runs lost."""
    lines = []
    for run, rate in enumerate(rates(low, high)):
        share = run / 15
        outcome = "diverged" if run >= 16 - diverged else "stopped" if run > 7 else "finished"
        bottom = floor * (1 + 2.2 * (share - 0.65) ** 2)
        speed = 0.35 * 10 ** (2.2 * (share - 0.65))
        lines.append(run_line(run, rate, start=start, floor=bottom, speed=speed, outcome=outcome))
    return tuple(lines)


def best_of(runs: tuple[RunLine, ...]) -> int:
    """The run with the lowest loss among those that did not diverge."""
    kept = [run for run in runs if not run.diverged]
    return min(kept, key=lambda run: run.validation_loss).run


def recipe(loss: str, optimizer: str, rate: str) -> tuple[tuple[str, str], ...]:
    """The fields of a recipe that a report shows."""
    return (
        ("widths", "64, 64"),
        ("activation", "relu"),
        ("dropout", "0"),
        ("loss", loss),
        ("optimizer", optimizer),
        ("learning rate", rate),
        ("schedule", "constant"),
        ("batch size", "32"),
        ("epochs", "at most 100, patience 20"),
        ("dtype", "float32"),
        ("seed", "0"),
    )


def columns(names: str, kind: str, treatment: str, features: str = "1") -> tuple[dict[str, str], ...]:
    """Rows of the table of what was done to the data."""
    return tuple({"column": name, "kind": kind, "treatment": treatment, "features": features} for name in names.split())


@pytest.fixture
def regression() -> Report:
    """Fuel consumption: numbers in their own unit, the two highest learning rates diverged."""
    runs = ladder(1e-4, 1.0, start=1.05, floor=0.092, diverged=2)
    truth = [9 + 0.45 * row + 2.5 * wave(row) for row in range(80)]
    prediction = [value + 2.1 * wave(7 * row + 3) + 0.0016 * (value - 24) ** 2 for row, value in enumerate(truth)]
    return Report(
        title="mpg: mpg",
        conclusion="The network explains 88.6 % of the variance of mpg on new rows; ridge explains 82.1 %.",
        facts=(
            ("task", "regression (398 numbers, 129 of them distinct)"),
            ("rows", "238 training, 80 validation, 80 test"),
            ("network", "22 inputs, 5,697 parameters"),
            ("time", "11.3 s for 16 runs on loop"),
        ),
        metrics=("r2", "rmse", "mae"),
        scores=(
            ("network", {"r2": 0.88614, "rmse": 2.6127, "mae": 1.9034}),
            ("mean", {"r2": -0.00213, "rmse": 7.7512, "mae": 6.481}),
            ("ridge", {"r2": 0.82107, "rmse": 3.2752, "mae": 2.5313}),
            ("gradient_boosting", {"r2": 0.87002, "rmse": 2.7917, "mae": 2.0126}),
        ),
        loss="mse",
        runs=runs,
        best=best_of(runs),
        classes=(),
        truth=tuple(truth),
        prediction=tuple(prediction),
        target="mpg",
        recipe=recipe("mse", "adam", "0.04642"),
        treatment=(
            *columns("cylinders displacement weight acceleration model_year", "number", "standardized"),
            *columns("horsepower", "number", "6 missing filled with the median 92, marked; standardized", "2"),
            *columns("origin", "category", "one-hot: europe, japan, usa", "3"),
            *columns("name", "identifier", "dropped: 305 distinct values in 398 rows", "0"),
        ),
        notes=(
            "name was dropped: it has a distinct value in almost every row.",
            "mpg was standardized for training; all scores are in its own unit.",
        ),
        versions=VERSIONS,
    )


@pytest.fixture
def binary() -> Report:
    """Heart disease: two classes, none diverged."""
    runs = ladder(1e-5, 0.1, start=0.71, floor=0.378, diverged=0)
    truth = [float(row % 9 < 5) for row in range(61)]
    prediction = [value if wave(row) < 0.75 else 1 - value for row, value in enumerate(truth)]
    return Report(
        title="heart: target",
        conclusion="The network tells the classes apart better than logistic regression "
        "(ROC AUC 0.912 against 0.897), by less than 61 test rows can settle.",
        facts=(
            ("task", "binary (integers with 2 distinct values)"),
            ("rows", "181 training, 61 validation, 61 test"),
            ("time", "6.1 s for 16 runs on loop"),
        ),
        metrics=("accuracy", "balanced_accuracy", "log_loss", "roc_auc"),
        scores=(
            (
                "network",
                {"accuracy": 0.852459, "balanced_accuracy": 0.8496, "log_loss": 0.36218, "roc_auc": 0.91234},
            ),
            (
                "majority",
                {"accuracy": 0.540983, "balanced_accuracy": 0.5, "log_loss": 16.5447, "roc_auc": 0.5},
            ),
            (
                "logistic",
                {"accuracy": 0.852459, "balanced_accuracy": 0.8474, "log_loss": 0.3921, "roc_auc": 0.89719},
            ),
            (
                "gradient_boosting",
                {"accuracy": 0.803278, "balanced_accuracy": 0.7998, "log_loss": 0.5107, "roc_auc": 0.87013},
            ),
        ),
        loss="bce_with_logits",
        runs=runs,
        best=best_of(runs),
        classes=("0", "1"),
        truth=tuple(truth),
        prediction=tuple(prediction),
        target="target",
        recipe=recipe("bce_with_logits", "adam", "0.004642"),
        treatment=columns(
            "age sex cp trestbps chol fbs restecg thalach exang oldpeak slope ca thal",
            "number",
            "standardized",
        ),
        notes=(),
        versions=VERSIONS,
    )


@pytest.fixture
def multiclass() -> Report:
    """Penguins: three classes with text names, one run diverged, more columns than fit a list."""
    runs = ladder(1e-4, 1.0, start=1.1, floor=0.021, diverged=1)
    truth = [float((0, 0, 2, 0, 1, 2, 0, 2)[row % 8]) for row in range(67)]
    prediction = [value if row % 23 else float(value != 1) for row, value in enumerate(truth)]
    return Report(
        title="penguins: species",
        conclusion="The network is right on 95.5 % of the test rows, as is logistic regression.",
        facts=(
            ("task", "multiclass (text with 3 distinct values)"),
            ("rows", "206 training, 69 validation, 67 test"),
        ),
        metrics=("accuracy", "balanced_accuracy", "log_loss", "roc_auc"),
        scores=(
            (
                "network",
                {"accuracy": 0.955224, "balanced_accuracy": 0.9541, "log_loss": 0.0912, "roc_auc": 0.99871},
            ),
            (
                "majority",
                {"accuracy": 0.4328, "balanced_accuracy": 0.33333, "log_loss": 20.442, "roc_auc": None},
            ),
            (
                "logistic",
                {"accuracy": 0.955224, "balanced_accuracy": 0.9583, "log_loss": 0.0873, "roc_auc": 0.9991},
            ),
        ),
        loss="cross_entropy",
        runs=runs,
        best=best_of(runs),
        classes=("Adelie", "Chinstrap", "Gentoo"),
        truth=tuple(truth),
        prediction=tuple(prediction),
        target="species",
        recipe=recipe("cross_entropy", "adam", "0.04642"),
        treatment=(
            *columns(" ".join(f"measurement_{place:02}" for place in range(24)), "number", "standardized"),
            *columns("island sex", "category", "one-hot", "3"),
        ),
        notes=("2 rows without a species were left out.",),
        versions=VERSIONS,
    )


@pytest.fixture(params=["regression", "binary", "multiclass"])
def report(request: pytest.FixtureRequest) -> Report:
    """Each of the sample reports in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def nothing_finite() -> Report:
    """A study in which every run was lost in its first epoch."""
    runs = tuple(
        RunLine(run, rate, "diverged", MESSAGES["diverged"], 1, 0, None, (math.inf,), (math.nan,))
        for run, rate in enumerate(rates(1.0, 1e4))
    )
    return Report(
        title="lost: y",
        conclusion="No learning rate led to a finite loss; try lower ones.",
        facts=(),
        metrics=("r2", "rmse"),
        scores=(("mean", {"r2": -0.01, "rmse": 1.2}),),
        loss="mse",
        runs=runs,
        best=None,
        classes=(),
        truth=(),
        prediction=(),
        target="y",
        recipe=(),
        treatment=(),
        notes=(),
        versions=VERSIONS,
    )


@pytest.fixture
def hostile(multiclass: Report) -> Report:
    """A report in which every text is an attempt at breaking out of where it is written."""
    evil = "</script><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>\x1b[31m[red]%{x}"
    return replace(
        multiclass,
        title=evil,
        conclusion=evil,
        facts=((evil, evil),),
        scores=((evil, {"accuracy": 0.5}), ("majority", {})),
        loss=evil,
        runs=tuple(replace(run, outcome=evil, message=evil) for run in multiclass.runs),
        classes=(evil, evil, "Gentoo"),
        target=evil,
        recipe=((evil, evil),),
        treatment=({"column": evil, "kind": evil, "treatment": evil, "features": evil},),
        notes=(evil,),
        versions=evil,
    )
