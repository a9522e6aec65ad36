"""Points in the plane, and along a line: drawn anew on every call, always the same."""

from __future__ import annotations

import numpy as np
import polars as pl

__all__ = ["blobs", "circles", "line", "moons", "sine", "spirals", "xor"]

_ROWS = 1_000


def moons(*, rows: int = _ROWS, noise: float = 0.15) -> pl.DataFrame:
    """Two half circles of radius 1, each reaching into the other; ``noise`` is a standard deviation."""
    generator, half = np.random.default_rng(0), rows // 2
    angle = generator.uniform(0, np.pi, rows)
    upper = np.arange(rows) < half
    x1 = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    x2 = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return _classes(x1, x2, (~upper).astype(np.int64), generator, noise)


def circles(*, rows: int = _ROWS, noise: float = 0.1) -> pl.DataFrame:
    """A circle of radius 1 (class 0) around one of radius 0.5 (class 1)."""
    generator, inner = np.random.default_rng(0), np.arange(rows) >= rows // 2
    angle, radius = generator.uniform(0, 2 * np.pi, rows), np.where(inner, 0.5, 1.0)
    return _classes(radius * np.cos(angle), radius * np.sin(angle), inner.astype(np.int64), generator, noise)


def spirals(*, rows: int = _ROWS, noise: float = 0.03, turns: float = 1.5) -> pl.DataFrame:
    """Two spirals of radius up to 1, half a turn apart."""
    generator, second = np.random.default_rng(0), np.arange(rows) >= rows // 2
    # The square root spreads the points evenly along the arms instead of crowding them at the centre.
    radius = np.sqrt(generator.uniform(0.01, 1, rows))
    angle = radius * turns * 2 * np.pi + np.where(second, np.pi, 0.0)
    return _classes(radius * np.cos(angle), radius * np.sin(angle), second.astype(np.int64), generator, noise)


def blobs(*, rows: int = _ROWS, noise: float = 0.6) -> pl.DataFrame:
    """Three round clouds whose centres are the corners of a triangle at distance 1.5 from the origin."""
    generator, labels = np.random.default_rng(0), np.arange(rows) * 3 // rows
    angle = np.pi / 2 + labels * 2 * np.pi / 3
    return _classes(1.5 * np.cos(angle), 1.5 * np.sin(angle), labels.astype(np.int64), generator, noise)


def xor(*, rows: int = _ROWS) -> pl.DataFrame:
    """Points of the square from -1 to 1; class 1 where exactly one of the inputs is positive."""
    generator = np.random.default_rng(0)
    points = generator.uniform(-1, 1, (rows, 2))
    labels = (points[:, 0] > 0) ^ (points[:, 1] > 0)
    return pl.DataFrame({"x1": points[:, 0], "x2": points[:, 1], "class": labels.astype(np.int64)})


def line(*, rows: int = _ROWS, noise: float = 0.3) -> pl.DataFrame:
    """Noise about y = 2x + 1, for x from -1 to 1."""
    generator = np.random.default_rng(0)
    x = generator.uniform(-1, 1, rows)
    return pl.DataFrame({"x": x, "y": 2 * x + 1 + generator.normal(0, noise, rows)})


def sine(*, rows: int = _ROWS, noise: float = 0.1) -> pl.DataFrame:
    """Noise about y = sin x, for x over two periods, from -2π to 2π."""
    generator = np.random.default_rng(0)
    x = generator.uniform(-2 * np.pi, 2 * np.pi, rows)
    return pl.DataFrame({"x": x, "y": np.sin(x) + generator.normal(0, noise, rows)})


def _classes(
    x1: np.ndarray, x2: np.ndarray, labels: np.ndarray, generator: np.random.Generator, noise: float
) -> pl.DataFrame:
    shift = generator.normal(0, noise, (2, len(labels)))
    order = generator.permutation(len(labels))
    columns = {"x1": x1 + shift[0], "x2": x2 + shift[1], "class": labels}
    return pl.DataFrame({name: values[order] for name, values in columns.items()})
