"""Tries the compiled engine with random shapes: under sanitizers, on each instruction set, and as an old machine."""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fallline._native

ROOT = Path(__file__).resolve().parent.parent
BUILDS = ROOT / "build" / "sanitized"
FUZZ = ROOT / "tests" / "native" / "fuzz.py"
SCRIPTS = Path(sys.executable).parent
OLD_MACHINE = "Nehalem"  # of 2008: no AVX


def run(*command: str | Path, **environment: str) -> None:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with exit code {done.returncode}")


def build(sanitizers: str) -> Path:
    """Where the compiled engine with these sanitizers is."""
    folder = BUILDS / sanitizers.replace(",", "-")
    print(f"compiling fallline._native with sanitizers into {folder.relative_to(ROOT)} ...", file=sys.stderr)
    options = [f"-DFALLLINE_SANITIZE={sanitizers}", "-DCMAKE_BUILD_TYPE=Debug", f"-DPython_EXECUTABLE={sys.executable}"]
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"  # ninja is there
    run(SCRIPTS / "cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "--log-level=NOTICE", *options, PATH=path)
    run(SCRIPTS / "cmake", "--build", folder, "--", "--quiet", PATH=path)
    return folder


def check_that_kernels_cannot_be_merged(folder: Path) -> None:
    """No kernel's file may define a function that the linker could merge with that of another file."""
    for path in sorted(folder.glob("CMakeFiles/kernels_*.dir/**/*.o")):
        symbols = subprocess.run(
            ["nm", "-C", "--defined-only", path], capture_output=True, encoding="utf-8", check=True
        )
        weak = re.findall(r"^\S+ [Wi] (.+)$", symbols.stdout, flags=re.MULTILINE)
        if weak:
            sys.exit(
                f"{path.relative_to(folder)} defines what the linker may put in the place of plain code, and what an "
                f"older machine cannot run: {', '.join(weak)}. Put it in an anonymous namespace."
            )


def runtime(folder: Path, name: str) -> str:
    """Where the compiler of a build keeps a library of its own."""
    cache = (folder / "CMakeCache.txt").read_text(encoding="utf-8")
    compiler = re.search(r"^(?:CMAKE_CXX_COMPILER|FALLLINE_CXX):\w+=(.+)$", cache, flags=re.MULTILINE)
    assert compiler is not None
    command = [compiler[1], f"-print-file-name={name}"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def preloaded(folder: Path, library: str) -> str:
    """Loaded before Python, which has neither."""
    return f"{runtime(folder, library)} {runtime(folder, 'libstdc++.so')}"


def fuzz_under_sanitizers(seconds: float) -> None:
    folder = build("address,undefined")
    check_that_kernels_cannot_be_merged(folder)
    (module,) = folder.glob("_native.*")
    environment = {
        "LD_PRELOAD": preloaded(folder, "libasan.so"),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python's own
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",  # so that every array has its own allocation
    }
    for name in fallline._native.instruction_sets():
        arguments = ["--module", module, "--instruction-set", name, "--seconds", str(seconds)]
        run(sys.executable, FUZZ, *arguments, **environment)


def fuzz_threads(seconds: float) -> None:
    """ThreadSanitizer sees whether threads touch what others are at: on one instruction set, as all share them."""
    setarch = shutil.which("setarch")
    if setarch is None:
        sys.exit(
            "make test-native needs setarch, of util-linux: ThreadSanitizer wants its addresses in their usual place"
        )
    folder = build("thread")
    (module,) = folder.glob("_native.*")
    environment = {
        "LD_PRELOAD": preloaded(folder, "libtsan.so"),
        "TSAN_OPTIONS": "halt_on_error=1",
        "OPENBLAS_NUM_THREADS": "1",  # whose threads it cannot look into
    }
    arguments = ["--module", module, "--threads-only", "--seconds", str(seconds)]
    run(setarch, "--addr-no-randomize", sys.executable, FUZZ, *arguments, **environment)


def run_as_an_old_machine(seconds: float) -> None:
    qemu = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
    if qemu is None:
        print("not tried as an old machine would run it: qemu-user is not installed")
        return
    run(qemu, "-cpu", OLD_MACHINE, sys.executable, FUZZ, "--best", "baseline", "--seconds", str(seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="how long each instruction set is tried")
    arguments = parser.parse_args()
    if sys.platform != "linux":
        sys.exit("make test-native needs Linux and GCC")
    fuzz_under_sanitizers(arguments.seconds)
    fuzz_threads(arguments.seconds)
    if platform.machine() == "x86_64":
        run_as_an_old_machine(arguments.seconds)


if __name__ == "__main__":
    main()
