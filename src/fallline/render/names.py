"""What metrics and models are called on the page, and which way a metric is better."""

from __future__ import annotations

import math

from fallline.render.report import Report

__all__ = ["HIGHER_IS_BETTER", "arrow", "best_rows", "column", "heading", "metric_name", "model_name"]

_METRICS = {
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "roc_auc": "ROC AUC",
    "poisson_deviance": "Poisson deviance",
    "pinball": "pinball loss",
}
_LOWER = frozenset({"rmse", "mae", "log_loss", "poisson_deviance", "pinball"})
HIGHER_IS_BETTER = frozenset({"r2", "accuracy", "balanced_accuracy", "roc_auc"})
"""The metrics of which more is better."""


def metric_name(metric: str) -> str:
    """The metric as it is written in a heading."""
    return _METRICS.get(metric, metric.replace("_", " "))


def heading(metric: str) -> str:
    """The metric at the head of a column, with the way it is better."""
    return f"{metric_name(metric)}\u00a0{arrow(metric)}".rstrip("\u00a0")


def model_name(model: str) -> str:
    """The network or baseline as it is written in a table."""
    return model.replace("_", " ")


def arrow(metric: str) -> str:
    """Which way the metric is better: "↓", "↑", or nothing where that is not known."""
    return "↓" if metric in _LOWER else "↑" if metric in HIGHER_IS_BETTER else ""


def column(report: Report, metric: str) -> tuple[float | None, ...]:
    """The score of each row in ``metric``; None where it has none."""
    return tuple(scores.get(metric) for _, scores in report.scores)


def best_rows(report: Report, metric: str) -> frozenset[int]:
    """The rows that are best in ``metric``; several where they are equal, none where there is no choice."""
    values = {
        row: value for row, value in enumerate(column(report, metric)) if value is not None and math.isfinite(value)
    }
    if len(values) < 2 or not arrow(metric):
        return frozenset()
    best = min(values.values()) if metric in _LOWER else max(values.values())
    return frozenset(row for row, value in values.items() if value == best)
