"""Reading files, built-in sets, frames, arrays."""

import datetime
import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.datasets import load_diabetes, load_iris

from fallline.core.errors import DataError, SourceError
from fallline.core.task import Task
from fallline.data.builtin import BUILTIN
from fallline.data.table import read
from fallline.data.target import infer


def test_a_file_gives_its_name_its_source_and_the_hash_of_its_bytes(write):
    path = write("a,b\n1,2\n", name="heart disease (1).csv")
    table = read(str(path))
    assert (table.name, table.source) == ("heart-disease-1", str(path))
    assert table.hash == "sha256:" + hashlib.sha256(b"a,b\n1,2\n").hexdigest()


def test_columns_get_the_type_that_all_their_values_have(write):
    table = read(write("i,f,b,t,m\n1,1,True,x,\n02,2.5,false,1,?\n-3,1e3,TRUE,y,NA\n"))
    assert [str(dtype) for dtype in table.frame.dtypes] == ["Int64", "Float64", "Boolean", "String", "String"]
    assert table.frame["i"].to_list() == [1, 2, -3]
    assert table.frame["m"].null_count() == 3


@pytest.mark.parametrize("cell", ["", "?", "NA", "N/A", "NaN", "nan", "null", "None", " ? "])
def test_a_cell_that_stands_for_missing_is_missing_among_numbers_and_texts(cell: str, write):
    frame = read(write(f"n,t\n1,x\n{cell},{cell}\n3,y\n")).frame
    assert frame["n"].to_list() == [1, None, 3]
    assert frame["t"].to_list() == ["x", None, "y"]


def test_a_number_that_turns_to_text_far_down_is_text_from_the_start(write):
    body = "n,k\n" + "1,2\n" * 20_000 + "x,3\n"
    frame = read(write(body)).frame
    assert frame.schema == {"n": pl.String, "k": pl.Int64}
    assert frame.height == 20_001


def test_columns_can_be_kept_as_text(write):
    frame = read(write("zip,n\n007,1\n010,2\n"), text=["zip"]).frame
    assert frame["zip"].to_list() == ["007", "010"]
    assert frame["n"].dtype == pl.Int64


def test_numbers_beyond_64_bits_become_floats(write):
    assert read(write("n,k\n99999999999999999999,1\n1,2\n")).frame["n"].dtype == pl.Float64


def test_parquet_is_read_as_it_is(tmp_path):
    frame = pl.DataFrame({"a": [1, 2], "b": [0.5, None], "c": ["x", "y"]})
    frame.write_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet").frame.equals(frame)


def test_a_damaged_parquet_file_is_refused(write):
    with pytest.raises(DataError, match="not a Parquet file that can be read"):
        read(write(b"PAR1 and then nothing", name="t.parquet"))


def test_a_missing_file_suggests_its_neighbour(write):
    path = write("a\n1\n", name="heart.csv")
    with pytest.raises(SourceError) as caught:
        read(path.with_name("haert.csv"))
    assert f"did you mean {path}?" in str(caught.value)


def test_a_misspelt_built_in_set_suggests_the_nearest():
    with pytest.raises(SourceError, match="nor a built-in set") as caught:
        read("irsi")
    assert "did you mean iris?" in str(caught.value)


def test_a_directory_and_what_is_no_source_are_refused(tmp_path):
    with pytest.raises(SourceError, match="it is a directory"):
        read(tmp_path)
    with pytest.raises(SourceError, match="of no kind that can be read"):
        read(3)
    with pytest.raises(SourceError, match="no such file"):
        read("x" * 5_000)


def test_a_file_wins_over_the_built_in_set_of_its_name_and_a_folder_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wine").write_text("a,b\n1,2\n")
    (tmp_path / "iris").mkdir()
    assert read("wine").frame.shape == (1, 2)
    assert read("iris").source == "iris (built in)"


@pytest.mark.parametrize("name", BUILTIN)
def test_a_built_in_set_has_its_target_whose_task_is_inferred_and_is_always_the_same(name: str):
    table = read(name)
    assert (table.name, table.source, table.hash) == (name, f"{name} (built in)", read(name).hash)
    target = infer(table.frame[table.target])
    assert target.task is table.task
    generated = name not in {"iris", "wine", "breast_cancer", "digits", "diabetes"}
    assert (table.frame.height == 1_000) == generated


def test_the_names_of_the_built_in_sets_cost_no_heavy_import():
    code = "import sys, fallline.data.builtin\nassert not {'torch', 'sklearn', 'polars', 'numpy'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_the_classes_of_scikit_learns_sets_have_their_names():
    assert read("cancer").frame["diagnosis"].value_counts().sort("diagnosis").rows() == [
        ("benign", 357),
        ("malignant", 212),
    ]
    assert sorted(read("digits").frame["digit"].unique()) == list(range(10))


def test_a_bunch_is_the_built_in_set_made_from_it():
    assert read(load_iris()).frame.rename({"target": "species"}).equals(read("iris").frame)
    framed = read(load_diabetes(as_frame=True))
    assert framed.target == "target"
    assert framed.frame["target"].to_list() == read("diabetes").frame["progression"].to_list()


X = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


@pytest.mark.parametrize(
    "source",
    [
        (X, [0, 1, 0]),
        (np.array(X), np.array([0, 1, 0])),
        (np.array(X, dtype=np.float32), np.array([[0], [1], [0]], dtype=np.uint8)),
        (torch.tensor(X, requires_grad=True), torch.tensor([0, 1, 0])),
        (torch.tensor(X, dtype=torch.bfloat16), torch.tensor([[0], [1], [0]])),
        (pd.DataFrame(X, columns=["x1", "x2"]), pd.Series([0, 1, 0])),
        (pl.DataFrame(X, schema=["x1", "x2"], orient="row"), pl.Series("y", [0, 1, 0])),
    ],
    ids=["lists", "numpy", "numpy small types", "torch", "torch bfloat16", "pandas", "polars"],
)
def test_the_same_arrays_are_the_same_table_whatever_holds_them(source):
    table = read(source)
    assert (table.name, table.source, table.target) == ("arrays", "arrays", "y")
    assert table.frame.to_dict(as_series=False) == {
        "x1": [1.0, 3.0, 5.0],
        "x2": [2.0, 4.0, 6.0],
        "y": [0, 1, 0],
    }
    assert table.hash == read((X, [0, 1, 0])).hash
    assert table.hash != read((X, [0, 1, 1])).hash


def test_texts_beside_numbers_in_lists_leave_the_numbers_numbers():
    frame = read(([[1, "a"], [2, "b"]], ["no", "yes"])).frame
    assert [str(dtype) for dtype in frame.dtypes] == ["Int64", "String", "String"]


def test_a_pandas_frame_is_the_polars_frame_of_the_same_values():
    pandas = pd.DataFrame(
        {
            "i": np.array([1, 2, 3], dtype=np.int16),
            "n": pd.array([1, None, 3], dtype="Int64"),
            "f": [1.5, np.nan, 2.5],
            "b": [True, False, True],
            "t": ["x", None, "y"],
            "o": np.array(["x", np.nan, "y"], dtype=object),
            "c": pd.Categorical(["u", "v", None]),
        }
    )
    polars = pl.DataFrame(
        {
            "i": [1, 2, 3],
            "n": [1, None, 3],
            "f": [1.5, None, 2.5],
            "b": [True, False, True],
            "t": ["x", None, "y"],
            "o": ["x", None, "y"],
            "c": ["u", "v", None],
        }
    )
    table = read(pandas)
    assert (table.name, table.source, table.target) == ("frame", "a DataFrame", None)
    assert table.frame.equals(polars)
    assert table.hash == read(polars).hash


def test_dates_stay_dates():
    day = datetime.date(2024, 2, 29)
    assert read(pl.DataFrame({"d": [day], "x": [1]})).frame["d"].to_list() == [day]


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ((X, [0, 1]), "X and y differ in their number of rows"),
        ((np.zeros((4, 2, 2)), np.zeros(4)), "X is not a table"),
        ((X, np.zeros((3, 2, 2))), "y is no column"),
        ((pd.DataFrame({"y2": [1, 2]}), np.zeros((2, 3))), "X has a column named 'y2' too"),
        (([[1], [2, 3]], [0, 1]), "its rows differ in length"),
        ((pd.DataFrame({"y": [1, 2]}), [0, 1]), "X has a column named 'y' too"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns have the same name"),
        (pd.DataFrame({"a": [1, "x"]}), "column 'a' holds values of several kinds"),
        (pl.DataFrame({"a": []}), "it has no rows"),
    ],
)
def test_what_makes_no_table_is_refused(source, wrong: str):
    with pytest.raises(DataError) as caught:
        read(source)
    assert wrong in str(caught.value)


def test_every_task_of_the_built_in_sets_is_a_task():
    assert {entry.task for entry in BUILTIN.values()} == {Task.binary, Task.multiclass, Task.regression}
