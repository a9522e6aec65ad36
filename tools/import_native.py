"""Says in one line why the compiled engine cannot be imported; says nothing where it can."""

import sys

try:
    import fallline._native  # noqa: F401 -- whether it imports is the question
except ImportError as error:
    sys.exit(
        f"The compiled engine is absent: {error}. To build it afresh: touch CMakeLists.txt and give the same command "
        "again; to do without it: make FALLLINE_NO_NATIVE=1"
    )
