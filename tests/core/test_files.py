"""A file is there whole, or as it was."""

import os
import stat
from pathlib import Path

import pytest

from fallline.core.errors import OutputError
from fallline.core.files import write_file


def test_a_file_holds_what_was_written(tmp_path: Path):
    write_file(tmp_path / "study.toml", b"\x00 \xff\r\n")
    assert (tmp_path / "study.toml").read_bytes() == b"\x00 \xff\r\n"


def test_a_file_that_was_there_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path):
    (tmp_path / "study.toml").write_text("a much longer text than the new one")
    write_file(tmp_path / "study.toml", b"new")
    assert (tmp_path / "study.toml").read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["study.toml"]


def test_whoever_has_the_old_file_open_goes_on_reading_the_old_file(tmp_path: Path):
    path = tmp_path / "study.toml"
    path.write_bytes(b"old")
    with path.open("rb") as stream:
        write_file(path, b"new")
        assert stream.read() == b"old"


def test_a_file_has_the_permissions_of_any_new_file(tmp_path: Path):
    write_file(tmp_path / "ours", b"")
    (tmp_path / "plain").write_bytes(b"")
    ours, plain = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "plain"))
    assert ours == plain


def test_a_write_that_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    resource = pytest.importorskip("resource", reason="only Unix limits the size of files")
    path = tmp_path / "study.toml"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(OutputError) as caught:
            write_file(path, b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(caught.value).startswith(f"writing {path}: file too large.\n  do        ")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_files_place_is_left_alone(tmp_path: Path):
    (tmp_path / "study.toml").mkdir()
    with pytest.raises(OutputError, match=r"writing .*study\.toml"):
        write_file(tmp_path / "study.toml", b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["study.toml"]


@pytest.mark.parametrize("place", ["missing/study.toml", "file/study.toml"])
def test_a_place_that_is_no_folder_is_refused_in_the_house_form(tmp_path: Path, place: str):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError) as caught:
        write_file(tmp_path / place, b"new")
    assert str(caught.value).splitlines()[1] == "  do        --out FOLDER, or out='folder', where you may write"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="permission denied"):
            write_file(tmp_path / "study.toml", b"new")
    finally:
        tmp_path.chmod(0o700)
