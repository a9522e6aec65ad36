"""Reading and encoding a large table: Fallline beside polars' own reading and scikit-learn's own encoding.

Each measurement runs in a process of its own, so that its peak of memory is its own; the sides take turns. The
issue's limits: at most 3 × polars' reading plus scikit-learn's encoding, and at most 4 × the float32 matrix.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

TARGET = "y"


def table(rows: int, *, quoted: bool) -> pl.DataFrame:
    """30 columns: 12 of decimals, 6 of whole numbers, 3 with gaps, 6 of text, 2 of booleans, the target."""
    generator = np.random.default_rng(0)
    columns: dict[str, object] = {}
    for position in range(12):
        columns[f"decimal_{position}"] = np.round(generator.normal(position, 1 + position, rows), 4)
    for position in range(6):
        columns[f"whole_{position}"] = generator.integers(0, 10 ** (position % 5 + 1), rows)
    for position in range(3):
        values = pl.Series(np.round(generator.exponential(3, rows), 3))
        columns[f"gappy_{position}"] = values.set(pl.Series(generator.random(rows) < 0.1), None)
    for position, levels in enumerate((2, 3, 5, 8, 12, 30)):
        names = np.array([f"level, {level}" if quoted else f"level {level}" for level in range(levels)])
        columns[f"text_{position}"] = names[generator.integers(0, levels, rows)]
    columns["truth_0"], columns["truth_1"] = generator.random(rows) < 0.5, generator.random(rows) < 0.3
    columns[TARGET] = np.round(generator.normal(size=rows), 4)
    return pl.DataFrame(columns)


def peers(path: str) -> dict[str, float]:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    idle, began = peak(), time.perf_counter()
    frame = pl.read_csv(path)
    read = time.perf_counter()
    inputs = frame.drop(TARGET).to_pandas()
    texts = [column.name for column in frame if column.dtype == pl.String]
    others = [name for name in inputs.columns if name not in texts]
    encoder = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), others),
        (OneHotEncoder(sparse_output=False, dtype=np.float32), texts),
    )
    train, _ = train_test_split(np.arange(len(inputs)), test_size=0.4, random_state=0)
    matrix = encoder.fit(inputs.iloc[train]).transform(inputs).astype(np.float32)
    return {
        "reading": read - began,
        "encoding": time.perf_counter() - read,
        "features": matrix.shape[1],
        "peak": peak(),
        "idle": idle,
    }


def ours(path: str) -> dict[str, float]:
    from fallline.data.prepare import prepare
    from fallline.data.table import read

    idle, began = peak(), time.perf_counter()
    found = read(path)
    got = time.perf_counter()
    prepared = prepare(found, target=TARGET)
    return {
        "reading": got - began,
        "encoding": time.perf_counter() - got,
        "features": len(prepared.dataset.features),
        "peak": peak(),
        "idle": idle,
    }


def peak() -> float:
    """The most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(side: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reading", "--measure", side, str(path)],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return json.loads(done.stdout)


def summary(rows: int, *, quoted: bool, repeats: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        table(rows, quoted=quoted).write_csv(path)
        megabytes = path.stat().st_size / 2**20
        runs = [(measured("peers", path), measured("ours", path)) for _ in range(repeats)]

    def median(side: int, name: str) -> float:
        return statistics.median(run[side][name] for run in runs)

    seconds = [run[1]["reading"] + run[1]["encoding"] for run in runs]
    limit = 3 * median(0, "reading") + median(0, "encoding")
    matrix = rows * median(1, "features") * 4 / 2**20
    return {
        "rows": rows,
        "file_megabytes": megabytes,
        "polars_reading": median(0, "reading"),
        "sklearn_encoding": median(0, "encoding"),
        "our_reading": median(1, "reading"),
        "our_encoding": median(1, "encoding"),
        "our_slowest": max(seconds),
        "our_fastest": min(seconds),
        "limit": limit,
        "share_of_limit": statistics.median(seconds) / limit,
        "matrix_megabytes": matrix,
        "our_peak_megabytes": median(1, "peak"),
        "our_idle_megabytes": median(1, "idle"),
        "peers_peak_megabytes": median(0, "peak"),
        "matrices": median(1, "peak") / matrix,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        side, path = arguments.measure
        print(json.dumps({"peers": peers, "ours": ours}[side](path)))
        return
    found = {
        name: summary(arguments.rows, quoted=quoted, repeats=arguments.repeats)
        for name, quoted in (("plain", False), ("quoted", True))
    }
    if arguments.json:
        print(json.dumps(found))
        return
    print(f"{arguments.rows:,} × 30 mixed, {pl.thread_pool_size()} threads, polars {pl.__version__}; seconds, median")
    for name, row in found.items():
        print(
            f"{name:7} {row['file_megabytes']:.0f} MB | polars reads {row['polars_reading']:.2f}, scikit-learn encodes "
            f"{row['sklearn_encoding']:.2f} | Fallline reads {row['our_reading']:.2f}, splits and encodes "
            f"{row['our_encoding']:.2f} ({row['our_fastest']:.2f} … {row['our_slowest']:.2f} in all) | "
            f"{row['share_of_limit']:.2f} of the limit {row['limit']:.2f}"
        )
        print(
            f"{'':7} peak {row['our_peak_megabytes']:.0f} MB, of which {row['our_idle_megabytes']:.0f} before it "
            f"began, = {row['matrices']:.2f} × the matrix of {row['matrix_megabytes']:.0f} MB | theirs "
            f"{row['peers_peak_megabytes']:.0f} MB"
        )


if __name__ == "__main__":
    main()
