"""Looks into the sdist and the wheel in dist/, and tries the wheel in a clean environment."""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

from fallline.engines._compiled import left_out

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
BESIDE_THE_SOURCES = ("CHANGELOG.md", "CMakeLists.txt", "LICENSE", "README.md", "constraints.txt", "pyproject.toml")
NATIVE = f"fallline/_native{sysconfig.get_config_var('EXT_SUFFIX')}"
WITH_NATIVE = not left_out()


def files_under(*folders: str) -> set[str]:
    """The files in the tree, as paths from its root."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {
        path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts and path.suffix != ".so"
    }


def check_sdist(path: Path) -> None:
    with tarfile.open(path) as archive:
        held = {PurePosixPath(*PurePosixPath(name).parts[1:]).as_posix() for name in archive.getnames()}
    missing = {*files_under("native", "src", "tests"), *BESIDE_THE_SOURCES} - held
    if missing:
        sys.exit(f"{path.name} lacks {', '.join(sorted(missing))}")


def check_wheel(path: Path) -> None:
    information = f"fallline-{VERSION}.dist-info/"
    with zipfile.ZipFile(path) as archive:
        held = {name for name in archive.namelist() if not name.startswith(information)}
        scripts = archive.read(f"{information}entry_points.txt").decode()
        archive.getinfo(f"{information}licenses/LICENSE")
    wanted = {name.removeprefix("src/") for name in files_under("src")} | ({NATIVE} if WITH_NATIVE else set())
    if held != wanted:
        sys.exit(f"{path.name} and src/ differ in {', '.join(sorted(held ^ wanted))}")
    if "fallline/py.typed" not in held:
        sys.exit(f"{path.name} lacks py.typed")
    if "fallline = fallline.apps.cli.main:main" not in scripts:
        sys.exit(f"{path.name} installs no command named fallline")


def try_wheel(path: Path, torch_index: str | None) -> None:
    index = ["--extra-index-url", torch_index] if torch_index else []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory() as folder:

        def run(*command: str | Path) -> str:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=False
            )
            if done.returncode != 0:
                sys.exit(f"{' '.join(map(str, command))} ended with exit code {done.returncode}\n{done.stdout}")
            return done.stdout

        scripts = Path(folder, "venv", "bin")
        pip = [scripts / "python", "-m", "pip", "--disable-pip-version-check"]
        run(sys.executable, "-m", "venv", scripts.parent)
        run(*pip, "install", "-qq", "-c", ROOT / "constraints.txt", *index, path)
        run(*pip, "check")
        said = run(scripts / "fallline", "--version")
        if VERSION not in said:
            sys.exit(f"fallline --version says {said.strip()!r}, and {VERSION} is what was built")
        if WITH_NATIVE:
            run(scripts / "python", "-c", "import fallline._native")
        answer = json.loads(run(scripts / "fallline", "train", "moons", "--epochs", "3", "--out", "study", "--json"))
        if answer["runs"] != 16 or not Path(folder, "study", "report.html").is_file():
            sys.exit(f"fallline train moons answered {answer}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-index", help="another index to look for torch on")
    arguments = parser.parse_args()
    sdist, (wheel,) = DIST / f"fallline-{VERSION}.tar.gz", DIST.glob(f"fallline-{VERSION}-*.whl")
    check_sdist(sdist)
    check_wheel(wheel)
    print("installing the wheel into a clean environment ...", file=sys.stderr)
    try_wheel(wheel, arguments.torch_index)
    for path in (sdist, wheel):
        print(f"dist/{path.name}  {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
