"""The files of a checked script: it sees what it has done to them, and nothing of it is so."""

import glob
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from fallline.checks.diversion import overlaid
from fallline.verbs.check import check_file

TRAIN = """import glob, os, shutil, torch
from pathlib import Path
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x, y = torch.randn(32, 3), torch.randn(32, 1)
for step in range(4):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
"""
ROTATED = """    for old in glob.glob("run-*.pt"):
        os.remove(old)
    torch.save(model.state_dict(), f"run-{step}.pt")
assert glob.glob("run-*.pt") == ["run-3.pt"]
assert sorted(path.name for path in Path().glob("run-*.pt")) == ["run-3.pt"]
"""
REPLACED = """    torch.save(model.state_dict(), "last.pt.tmp")
    os.replace("last.pt.tmp", "last.pt")
assert "weight" in torch.load("last.pt") and not os.path.exists("last.pt.tmp")
"""
COPIED = """    torch.save(model.state_dict(), "last.pt")
    shutil.copy2("last.pt", "best.pt")
assert os.path.getsize("best.pt") > 0 and Path("best.pt").is_file() and os.access("best.pt", os.R_OK)
"""
MADE_ANEW = """    if os.path.isdir("runs"):
        shutil.rmtree("runs")
    os.makedirs("runs/deep")
    assert os.listdir("runs") == ["deep"]
    Path("runs/deep/log.txt").write_text("begun")
    with open("runs/deep/log.txt", "a") as log:
        log.write(" and done")
assert Path("runs/deep/log.txt").read_text() == "begun and done"
assert [names for _, _, names in os.walk("runs")] == [[], ["log.txt"]]
"""
MOVED = """    if os.path.exists("runs"):
        shutil.move("runs", f"runs-{step}")
    os.mkdir("runs")
assert Path("runs-0/kept.txt").read_text() == "mine" and not os.path.exists("runs/kept.txt")
assert sorted(glob.glob("runs*")) == ["runs", "runs-0", "runs-1", "runs-2", "runs-3"]
assert len(os.listdir()) == 9
"""
ATOMIC = """    import tempfile
    with tempfile.NamedTemporaryFile("w", dir=".", delete=False) as file:
        file.write("new")
    os.replace(file.name, "last.pt")
    os.chmod("run-9.pt", 0o600)
    with tempfile.TemporaryDirectory() as folder:
        torch.save(model, os.path.join(folder, "a.pt"))
    assert not os.path.exists(folder)
assert open("last.pt").read() == "new"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of the user's own, with a training beside them."""
    for name in ("run-0.pt", "run-9.pt", "last.pt"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "kept.txt").write_text("mine", encoding="utf-8")
    return tmp_path


def state(folder: Path) -> dict[str, tuple[int, str | None]]:
    """Every file and directory with its mode and what is in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        text = path.read_text(encoding="utf-8") if path.is_file() else None
        found[str(path.relative_to(folder))] = (path.stat().st_mode, text)
    return found


@pytest.mark.parametrize("end", [ROTATED, REPLACED, COPIED, MADE_ANEW, MOVED, ATOMIC])
def test_a_script_sees_what_it_does_to_files_and_none_is_touched(
    folder: Path, monkeypatch: pytest.MonkeyPatch, end: str
):
    script = folder / "train.py"
    script.write_text(TRAIN + end, encoding="utf-8")
    before = state(folder)
    monkeypatch.chdir(folder)
    diagnosis = check_file(script)
    assert (diagnosis.findings, diagnosis.notes) == ((), ())
    assert state(folder) == before


@pytest.fixture
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files, as a script that is being checked sees them."""
    before = state(folder)
    monkeypatch.chdir(folder)
    with overlaid():
        yield folder
    assert state(folder) == before


def test_what_is_not_there_is_said_as_ever(inside: Path):
    os.remove("last.pt")
    for act in (open, os.stat, os.remove, os.listdir, shutil.rmtree, os.chdir, Path.read_text):
        with pytest.raises(FileNotFoundError, match=r"last\.pt"):
            act(Path("last.pt"))
    with pytest.raises(FileNotFoundError):
        Path("nowhere/last.pt").write_text("new", encoding="utf-8")
    with pytest.raises(FileExistsError):
        Path("run-0.pt").open("x").close()
    with pytest.raises(FileExistsError):
        os.mkdir("runs")
    with pytest.raises(OSError, match="not empty"):
        os.rmdir("runs")
    with pytest.raises(IsADirectoryError):
        os.unlink("runs")
    os.mkdir("other")
    with pytest.raises(OSError, match="not empty"):
        os.rename("other", "runs")
    shutil.rmtree("last.pt", ignore_errors=True)


def test_a_file_is_added_to_and_changed_as_if_in_place(inside: Path):
    with open("last.pt", "a", encoding="utf-8") as file:
        file.write(" and more")
    with open("run-0.pt", "r+", encoding="utf-8") as file:
        file.write("his!")
    os.truncate("run-9.pt", 1)
    number = os.open("runs/kept.txt", os.O_WRONLY | os.O_TRUNC)
    os.close(number)
    assert [Path(name).read_text() for name in ("last.pt", "run-0.pt", "run-9.pt", "runs/kept.txt")] == [
        "mine and more",
        "his!",
        "m",
        "",
    ]


def test_links_copies_and_trees_are_seen_by_their_names(inside: Path):
    Path("new.pt").write_text("new", encoding="utf-8")
    os.symlink("new.pt", "latest.pt")
    os.link("new.pt", "same.pt")
    shutil.copytree("runs", "copy")
    os.remove("new.pt")
    assert Path("same.pt").read_text() == "new"
    assert os.path.islink("latest.pt")
    assert not os.path.exists("latest.pt")
    assert os.listdir("copy") == ["kept.txt"]
    with os.scandir("copy") as entries:
        (entry,) = entries
    assert (entry.name, entry.path, entry.is_file(), entry.is_dir()) == ("kept.txt", "copy/kept.txt", True, False)
    assert entry.stat().st_size == 4


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.jit is deprecated, and used
def test_other_libraries_write_aside_too(inside: Path):
    import numpy as np

    np.savez("numbers.npz", a=np.ones(3))
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 1)), "scripted.pt")
    shutil.make_archive("all", "gztar", "runs")
    shutil.unpack_archive("all.tar.gz", "out")
    assert np.load("numbers.npz")["a"].sum() == 3
    assert torch.jit.load("scripted.pt").weight.shape == (1, 2)
    assert Path("out/kept.txt").read_text() == "mine"
    assert sorted(glob.glob("*.npz") + glob.glob("out/*")) == ["numbers.npz", "out/kept.txt"]


def test_temporary_files_are_real_and_go(inside: Path):
    with tempfile.TemporaryDirectory(dir=".") as made:
        Path(made, "a.json").write_text(json.dumps([1]), encoding="utf-8")
        assert os.listdir(made) == ["a.json"]
    with tempfile.NamedTemporaryFile("w+", dir=".") as file:
        assert os.path.exists(file.name)
    with tempfile.TemporaryFile(dir=".") as file:
        file.write(b"1")
    os.makedirs("left/behind")


def test_the_functions_for_files_are_put_back():
    before = open, os.stat, os.remove, os.scandir, shutil.rmtree, torch.save, set(os.supports_follow_symlinks)
    with overlaid():
        assert os.stat in os.supports_follow_symlinks
    assert before == (open, os.stat, os.remove, os.scandir, shutil.rmtree, torch.save, os.supports_follow_symlinks)
