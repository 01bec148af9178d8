"""Generates the stubs below src/slx/v1 from the protos.

python generate.py           writes them anew
python generate.py --check   fails if they are not what the protos give
"""

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTOS = HERE.parents[1] / "proto"
STUBS = HERE / "src" / "slx" / "v1"
#: Written by hand, between the generated files.
OWN = {"__init__.py"}


def main() -> int:
    """Writes or checks the stubs."""
    parser = argparse.ArgumentParser(description="Generates the stubs from the protos.")
    parser.add_argument("--check", action="store_true", help="changes nothing, and fails if stale")
    is_check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        stale = differing(Path(fresh) / "slx" / "v1")
        if is_check and stale:
            print("stale: run python generate.py:", *stale, sep="\n  ", file=sys.stderr)  # noqa: T201
            return 1
        if not is_check:
            replace(Path(fresh) / "slx" / "v1")
    return 0


def generate(out: Path) -> None:
    """Compiles the protos of the API."""
    protos = sorted((PROTOS / "slx" / "v1").glob("*.proto"))
    outputs = ("python", "mypy", "grpc_python", "mypy_grpc")
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}"]
    command += [f"--{output}_out={'quiet:' if 'mypy' in output else ''}{out}" for output in outputs]
    command += [str(proto.relative_to(PROTOS)) for proto in protos]
    # The plugins of mypy-protobuf are beside the Python that has them.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    subprocess.run(command, check=True, env={**os.environ, "PATH": path})  # noqa: S603
    for proto in protos:
        if "\nservice " not in proto.read_text():
            for stub in (out / "slx" / "v1").glob(f"{proto.stem}_pb2_grpc.py*"):
                stub.unlink()


def differing(fresh: Path) -> list[str]:
    """Names the files that are stale, missing or too many."""
    names = {file.name for folder in (fresh, STUBS) for file in folder.glob("*.py*")} - OWN
    _, different, missing = filecmp.cmpfiles(fresh, STUBS, names, shallow=False)
    return sorted(different + missing)


def replace(fresh: Path) -> None:
    """Puts the fresh stubs in the place of those there are."""
    for file in STUBS.glob("*.py*"):
        if file.name not in OWN:
            file.unlink()
    for file in fresh.glob("*.py*"):
        (STUBS / file.name).write_bytes(file.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
