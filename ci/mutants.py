#!/usr/bin/env python3
"""Mutation testing of the engine: makes each mistake of tests/mutation/mutants.py in a copy of one file, compiles that, links the tests of the
engine with it, and runs them until one fails. A mistake that no test notices is a test that is missing.
    ci/mutants.py [-b build/release] [FIRST [LAST]]      needs a built test_engine there; nothing in the tree or the build is changed"""
import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

root = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root / "tests/mutation"))
from mutants import MUTANTS  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("-b", "--build", type=pathlib.Path, default=root / "build/release")
parser.add_argument("--check", action="store_true", help="only look whether each text is there once")
parser.add_argument("first", nargs="?", type=int, default=1)
parser.add_argument("last", nargs="?", type=int, default=len(MUTANTS))
options = parser.parse_args()
build = options.build.resolve()

for file, text, _ in MUTANTS:
    count = (root / "src/engine" / file).read_text().count(text)
    if count != 1:
        sys.exit(f"{file}: the text is there {count} times: {text}")
if options.check:
    print(f"{len(MUTANTS)} mutants")
    sys.exit(0)

commands = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
library = next(build.glob("libportcullis.a"))
links = subprocess.run(["ninja", "-C", build, "-t", "commands", "-s", "tests/test_engine"], capture_output=True, text=True, check=True).stdout.strip()


def mutant(file, text, replacement, folder):
    """The tests with the mistake in them; nothing where the compiler refuses it."""
    original = root / "src/engine" / file
    changed = folder / file
    changed.write_text(original.read_text().replace(text, replacement))
    entry = commands[str(original)]
    words = shlex.split(entry["command"])
    compiled = folder / (file + ".o")
    words[words.index("-o") + 1] = str(compiled)
    words[words.index("-c") + 1] = str(changed)
    words = [word for word in words if word != "-Werror"]
    if subprocess.run(words, cwd=entry["directory"], capture_output=True).returncode:
        return None
    # Found before the library is looked at, the object takes the place of the one in it.
    program = folder / "test_engine"
    linked = links.removeprefix(": && ").removesuffix(" && :").replace("-o tests/test_engine", f"-o {program} {compiled}", 1)
    if subprocess.run(linked, shell=True, cwd=build, capture_output=True).returncode:
        return None
    return program


survivors, killed, invalid = [], 0, 0
for number, (file, text, replacement) in enumerate(MUTANTS, 1):
    if not options.first <= number <= options.last:
        continue
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        program = mutant(file, text, replacement, pathlib.Path(name))
        if program is None:
            outcome = "does not compile"
            invalid += 1
        else:
            try:
                failed = subprocess.run([program, "--abort"], cwd=root, capture_output=True, timeout=1800).returncode != 0
            except subprocess.TimeoutExpired:
                failed = True
            outcome = "killed" if failed else "SURVIVED"
            killed += failed
            if not failed:
                survivors.append(number)
    print(f"{number:3} {outcome:17} {time.monotonic() - begin:5.0f} s  {file}: {text.splitlines()[0][:90]}", flush=True)
print(f"{killed} killed, {len(survivors)} survived {survivors}, {invalid} not compiled")
sys.exit(bool(survivors or invalid))
