"""A user's mistake: exit code 2, the house form on standard error, no traceback, nothing written or lost."""

import gzip
import os
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.apps.command import Command, is_house_form
from tests.study.jobs import snapshot, table

FULL = "full"
TABLES = {
    "rows.csv": table("price", "kind").write_csv(),
    "narrow.csv": table("price", "kind").drop("age").write_csv(),
    "odd.csv": table("price").with_columns(age=pl.lit("old"), kind=pl.lit("Dot")).write_csv(),
    "flat.csv": "x,y\n" + "".join(f"{row},7\n" for row in range(30)),
    "few.csv": "x,y\n" + "".join(f"{row},{row % 2}\n" for row in range(9)),
    "ragged.csv": "x,y\n1,2\n3\n",
    "empty.csv": "",
    "header.csv": "x,y\n",
    "twice.csv": "x,x\n" + "1,2\n" * 30,
    "names.csv": "x,y\n" + "".join(f"{row / 7},name {row}\n" for row in range(30)),
    "binary.csv": "\x00\x01\x02" * 100,
    "fake.parquet": "PAR1 this is none",
}
PRICE, KIND = ["rows.csv", "--target", "price"], ["rows.csv", "--target", "kind"]
# Arguments of `train`, and a word that the message has to have: what is wrong, or what would be right.
MISTAKES = {
    # the source
    "a file that is missing": (["rosw.csv", "--target", "price"], "rows.csv"),
    "a set that does not exist": (["iriss"], "iris"),
    "a directory": ([".", "--target", "price"], "directory"),
    "an empty file": (["empty.csv", "--target", "y"], "empty"),
    "a header alone": (["header.csv", "--target", "y"], "no rows"),
    "a line that is too short": (["ragged.csv", "--target", "y"], "line 3"),
    "a header with a name twice": (["twice.csv", "--target", "x"], "'x'"),
    "a binary file": (["binary.csv", "--target", "y"], "binary.csv"),
    "a compressed file cut short": (["cut.csv.gz", "--target", "price"], "cut short"),
    "an Excel file": (["book.xlsx", "--target", "y"], "book.xlsx"),
    "a Parquet file that is none": (["fake.parquet", "--target", "y"], "Parquet"),
    "no source": ([], "source"),
    "two sources": (["iris", "wine"], "wine"),
    # the target
    "no target": (["rows.csv"], "--target kind"),
    "a target that is absent": (["rows.csv", "--target", "prise"], "did you mean 'price'?"),
    "a position that is absent": (["rows.csv", "--target", "7"], "1 … 6"),
    "position 0": (["rows.csv", "--target", "0"], "1 … 6"),
    "a target without its value": (["rows.csv", "--target"], "--target"),
    "a constant target": (["flat.csv", "--target", "y"], "constant"),
    "a target of identifiers": (["names.csv", "--target", "y"], "identifier"),
    "too few rows": (["few.csv", "--target", "y"], "10 rows"),
    "a weight that is absent": ([*PRICE, "--weight", "sise"], "did you mean 'size'?"),
    "a weight that is the target": ([*PRICE, "--weight", "price"], "price"),
    "a weight that is text": ([*PRICE, "--weight", "colour"], "colour"),
    "a weight at a position that is absent": ([*PRICE, "--weight", "99"], "weight = 99"),
    "a column to drop at a position that is absent": ([*PRICE, "--drop", "99"], "drop = 99"),
    "a group at a position that is absent": ([*PRICE, "--split-by", "group:99"], "split_by group = 99"),
    "alternatives for a number": ([*PRICE, "--lr", "0.1,0.2"], "fallline compare"),
    "alternatives for a name": ([*PRICE, "--optimizer", "sgd,adam"], "fallline compare"),
    # names
    "an unknown optimizer": ([*PRICE, "--optimizer", "adma"], "did you mean 'adam'?"),
    "a module that is not there": ([*PRICE, "--optimizer", "nowhere:Class"], "no module named nowhere"),
    "a class that is not there": ([*PRICE, "--optimizer", "torch.optim:Adan"], "torch.optim:Adam"),
    "a class that is no optimizer": ([*PRICE, "--optimizer", "pathlib:Path"], "pathlib:Path"),
    "an optimizer that is left out": ([*PRICE, "--optimizer", "SparseAdam"], "left out"),
    "an unknown initialization": ([*PRICE, "--initialization", "xavier"], "xavier_"),
    "an unknown loss": ([*PRICE, "--loss", "hubber"], "did you mean 'huber'?"),
    "an unknown activation": ([*PRICE, "--activation", "rellu"], "did you mean 'relu'?"),
    "an unknown schedule": ([*PRICE, "--schedule", "cosin"], "did you mean 'cosine'?"),
    "an unknown task": ([*PRICE, "--task", "regresion"], "did you mean 'regression'?"),
    "an unknown metric": ([*PRICE, "--metric", "rsme"], "did you mean 'rmse'?"),
    "an unknown engine": ([*PRICE, "--engine", "lop"], "did you mean 'loop'?"),
    "an unknown dtype": ([*PRICE, "--dtype", "float16"], "float64"),
    "an unknown normalization": ([*PRICE, "--normalization", "bach"], "did you mean 'batch'?"),
    "an unknown option": ([*PRICE, "--epoch", "3"], "--epochs"),
    # what makes no sense
    "a loss for classes on numbers": (
        [*PRICE, "--loss", "cross_entropy"],
        "mse, l1, smooth_l1, huber, log_cosh, quantile, gaussian_nll",
    ),
    "a loss for numbers on classes": ([*KIND, "--loss", "mse"], "cross_entropy"),
    "a loss for two classes on three": ([*KIND, "--loss", "bce_with_logits"], "cross_entropy"),
    "a loss for counts on prices": ([*PRICE, "--loss", "poisson_nll"], "mse"),
    "a task that the target is not": ([*KIND, "--task", "regression"], "numbers"),
    "one column as several labels": ([*PRICE, "--task", "multilabel"], "several target columns"),
    "several columns as classes": (["rows.csv", "--target", "price,size", "--task", "binary"], "one target column"),
    "text as one of several targets": (["rows.csv", "--target", "price,kind"], "'kind'"),
    "a target that is named twice": (["rows.csv", "--target", "price,price"], "twice"),
    "a metric of another task": ([*PRICE, "--metric", "accuracy"], "rmse"),
    "an option of another optimizer": ([*PRICE, "--momentum", "0.9"], "momentum"),
    "an option of another loss": ([*PRICE, "--delta", "2"], "delta"),
    "nesterov without momentum": ([*PRICE, "--optimizer", "sgd", "--nesterov"], "--momentum"),
    "a network that is not there": ([*PRICE, "--network", "no_such_module:function"], "no module named no_such_module"),
    "a network with widths": ([*PRICE, "--network", "torch.nn:Linear", "--widths", "8"], "--widths"),
    "a network that is no path": ([*PRICE, "--network", "network.py"], "package.module:function"),
    "a batch of one row to normalize": ([*PRICE, "--normalization", "batch", "--batch-size", "1"], "--batch-size 32"),
    "a metric of probabilities without any": ([*KIND, "--loss", "multi_margin", "--metric", "log_loss"], "roc_auc"),
    "a quantile beyond 1": ([*PRICE, "--loss", "quantile", "--quantile", "1.5"], "(0, 1)"),
    "class weights for other classes": ([*KIND, "--class-weights", "1,2"], "Ada, Bob, Cyd"),
    "class weights that are text": ([*KIND, "--class-weights", "1,much,2"], "list of numbers"),
    "batches for a line search": ([*PRICE, "--optimizer", "lbfgs", "--batch-size", "8"], "--batch-size"),
    "dropout for a line search": ([*PRICE, "--optimizer", "lbfgs", "--dropout", "0.1"], "--dropout"),
    "an option that is no assignment": ([*PRICE, "--optimizer-option", "rho"], "name=value"),
    "an option that a class lacks": (
        [*PRICE, "--optimizer", "torch.optim:Adam", "--optimizer-option", "beta=1"],
        "betas",
    ),
    # the columns
    "a column to drop that is absent": ([*PRICE, "--drop", "sise"], "did you mean 'size'?"),
    "the target dropped": ([*PRICE, "--drop", "price"], "target"),
    "all columns dropped": ([*PRICE, "--drop", "size,age,colour,ripe,kind"], "no column is left"),
    "a column to use that is absent": ([*PRICE, "--only", "size,ege"], "'ege'"),
    "a column dropped and used": ([*PRICE, "--drop", "age", "--only", "age,size"], "'age'"),
    "numbers and categories at once": ([*PRICE, "--numeric", "age", "--categorical", "age"], "'age'"),
    "text as numbers": ([*PRICE, "--numeric", "colour"], "'colour'"),
    "an order without its column": ([*PRICE, "--ordered", "colour"], "--ordered cut=Fair,Good,Ideal"),
    "an order of one category": ([*PRICE, "--ordered", "colour=red"], "two levels"),
    "an order that lacks a category": ([*PRICE, "--ordered", "colour=red,green"], "blue"),
    # the layout
    "a delimiter of two characters": ([*PRICE, "--delimiter", ";;"], "single character"),
    "another delimiter": ([*PRICE, "--delimiter", ";"], "'price'"),
    "a header denied": ([*PRICE, "--no-header"], "'price'"),
    "a header for a built-in set": (["iris", "--header"], "header"),
    # the split
    "a split by nothing": ([*PRICE, "--split-by", "time"], "time:COLUMN"),
    "a split by no column": ([*PRICE, "--split-by", "time:aeg"], "did you mean 'age'?"),
    "a split by no time": ([*PRICE, "--split-by", "time:colour"], "holds no times"),
    "a split by two groups": ([*PRICE, "--split-by", "group:ripe"], "3 groups"),
    "a split by the target": ([*PRICE, "--split-by", "time:price"], "target"),
    "test rows that are not there": ([*PRICE, "--test", "rosw.csv"], "rows.csv"),
    "test rows without the target": ([*PRICE, "--test", "flat.csv"], "'price'"),
    "test rows without a column": ([*PRICE, "--test", "narrow.csv"], "'age'"),
    "test rows that cannot be encoded": ([*PRICE, "--test", "odd.csv"], "old"),
    "test rows of another class": ([*KIND, "--test", "odd.csv"], "Dot"),
    # numbers
    **{
        f"{flag} {value}": ([*PRICE, flag, value], flag)
        for flag, values in {
            "--learning-rate": ["0", "-0.1", "nan", "inf", "fast", "1e-4:1:16log"],
            "--epochs": ["0", "-1", "2.5", "many"],
            "--batch-size": ["0", "-32", "1.5"],
            "--widths": ["0", "-8", "8,0", "8,", "8;8", "wide", "1.5"],
            "--patience": ["0", "-1"],
            "--dropout": ["1", "-0.1"],
            "--warmup": ["1", "-0.1"],
            "--clip-norm": ["0", "-1"],
            "--clip-value": ["0"],
            "--seed": ["-1", "4294967296", "x"],
            "--split-seed": ["-1", "4294967296", "x"],
            "--threads": ["0", "-1", "1025", "two"],
            "--keep": ["0", "-1", "many", "1.5"],
        }.items()
        for value in values
    },
    "--weight-decay -1": ([*PRICE, "--weight-decay", "-1"], "--weight-decay"),
    "--momentum 1": ([*PRICE, "--optimizer", "sgd", "--momentum", "1"], "--momentum"),
    # the place
    "a folder that holds files": ([*PRICE, "--out", FULL], FULL),
    "this folder": ([*PRICE, "--out", "."], "--out"),
    "a file as folder": ([*PRICE, "--out", "flat.csv"], "flat.csv"),
    "a folder below a file": ([*PRICE, "--out", "flat.csv/study"], "flat.csv"),
    "a link to nowhere": ([*PRICE, "--out", "link"], "link"),
    "a name that is too long": ([*PRICE, "--out", "new/" + "n" * 300], "--out"),
    "a parent's name that is too long": ([*PRICE, "--out", f"new/{'n' * 300}/study"], "--out"),
}


@pytest.fixture
def desk(home: Path) -> Path:
    """A working directory with tables, a folder that holds something, and a link to nowhere."""
    for name, content in TABLES.items():
        (home / name).write_text(content)
    (home / "cut.csv.gz").write_bytes(gzip.compress(TABLES["rows.csv"].encode())[:900])
    (home / "book.xlsx").write_bytes(b"PK\x03\x04" + bytes(300))
    (home / FULL).mkdir()
    (home / FULL / "mine.txt").write_text("mine")
    (home / "link").symlink_to("nowhere")
    return home


def refused(fallline: Command, home: Path, *arguments: str | Path) -> str:
    """Assert that a command is refused as a mistake has to be; what it says."""
    before = snapshot(home)
    ended = fallline(*arguments)
    assert (ended.code, ended.out) == (2, ""), ended
    assert "Traceback" not in ended.err
    assert is_house_form(ended.err), ended.err
    assert snapshot(home) == before
    return ended.err


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_training_is_said_and_writes_nothing(fallline: Command, desk: Path, mistake: str):
    arguments, word = MISTAKES[mistake]
    assert word in refused(fallline, desk, "train", "--json", *arguments)


@pytest.mark.parametrize(
    "arguments", [["trian", "iris"], ["--verison"], ["predict"], ["predict", "kind"], ["studies", "a", "b"]]
)
def test_a_mistake_in_the_command_itself_is_said(fallline: Command, home: Path, arguments: list[str]):
    assert "--help" in refused(fallline, home, *arguments)


def test_the_nearest_verb_is_suggested(fallline: Command, home: Path):
    assert "did you mean 'train'?" in refused(fallline, home, "trian", "iris").lower()


def test_without_a_verb_there_is_help(fallline: Command):
    ended = fallline()
    assert (ended.code, ended.err) == (0, "")
    assert ended == fallline("--help")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("out", [["--out", "locked/study"], ["--out", "locked"], ["--out", "locked/new/study"]])
def test_a_read_only_place_is_refused_before_anything_is_trained(fallline: Command, home: Path, out: list[str]):
    (home / "locked").mkdir(mode=0o555)
    assert "permission" in refused(fallline, home, "train", "iris", *out)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no folder here that nobody may write to")
@pytest.mark.parametrize("out", ["/proc/study", "/proc/new/study"])
def test_a_place_where_nobody_may_write_is_refused(fallline: Command, home: Path, out: str):
    assert "writing /proc/" in refused(fallline, home, "train", "iris", "--out", out)


# --- damaged studies ---


def delete(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def replace(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [delete, empty, halve, replace])
@pytest.mark.parametrize("name", ["study.toml", "data.json", "results.parquet", "models.safetensors"])
def test_a_damaged_study_predicts_nothing_and_its_file_is_named(
    fallline: Command, home: Path, shelf: Path, rows: Path, name: str, damage
):
    shutil.copytree(shelf / "kind", home / "kind")
    damage(home / "kind" / name)
    assert name in refused(fallline, home, "predict", "kind", rows)


def test_a_study_from_a_newer_version_says_how_to_read_it(fallline: Command, home: Path, shelf: Path, rows: Path):
    shutil.copytree(shelf / "kind", home / "kind")
    header = home / "kind/study.toml"
    header.write_text(header.read_text().replace("format = 1", "format = 2"))
    assert "pip install --upgrade fallline" in refused(fallline, home, "predict", "kind", rows)
