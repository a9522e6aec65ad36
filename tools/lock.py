"""Resolves every version that `pip install .[all]` needs, afresh, and writes constraints.txt.

It resolves on the oldest Python that Fallline supports, so that the pins install on the later ones too.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "constraints.txt"
HEADER = "# Every version that `make` installs. Regenerate: make lock PYTHON=python3.11\n"
# What the CUDA builds of torch bring, in the versions they ask for themselves; other builds have none of it.
BROUGHT_BY_TORCH = re.compile(r"nvidia-|triton|cuda-")
BUILD_TOOLS = ["pip", "cmake", "nanobind", "ninja", "scikit-build-core"]


def resolve(torch: str, torch_index: str | None) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "venv", "bin", "python")
        report = Path(folder, "report.json")
        index = ["--extra-index-url", torch_index] if torch_index else []
        pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *index]
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
        subprocess.run([*pip, "--upgrade", *BUILD_TOOLS], check=True)
        wanted = [f"{ROOT}[all]", f"torch=={torch}", *BUILD_TOOLS]
        dry = ["--dry-run", "--ignore-installed", "--no-build-isolation", "--report", report]
        subprocess.run([*pip, *dry, *wanted], check=True)
        return json.loads(report.read_text(encoding="utf-8"))["install"]


def pins(installed: list[dict]) -> list[str]:
    found = {}
    for item in installed:
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        public_version = item["metadata"]["version"].split("+")[0]
        if name != "fallline" and not BROUGHT_BY_TORCH.match(name):
            found[name] = f"{name}=={public_version}\n"
    return [found[name] for name in sorted(found)]


def main() -> None:
    if sys.version_info[:2] != (3, 11):
        sys.exit("The pins are resolved on the oldest supported Python: make lock PYTHON=python3.11")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch", required=True, help="the version of torch to pin")
    parser.add_argument("--torch-index", help="another index to look for torch on")
    arguments = parser.parse_args()
    lines = pins(resolve(arguments.torch, arguments.torch_index))
    TARGET.write_text("".join([HEADER, *lines]), encoding="utf-8")
    print(f"{len(lines)} versions pinned in {TARGET.name}")


if __name__ == "__main__":
    main()
