"""Runs lint, audit and diff over every fixture and example, and validates what -o json writes by the schemas in docs."""
import json
import pathlib
import subprocess
import sys

import jsonschema

binary, root = sys.argv[1], pathlib.Path(sys.argv[2])
schema = json.loads((root / "docs/report.schema.json").read_text())
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
inputs = sorted((root / "tests/fixtures").glob("*/*/input.*")) + sorted(p for p in (root / "examples").rglob("*") if p.is_file())
assert len(inputs) > 30, "the fixtures are not where they should be"
bad = 0
for path in inputs:
    for command in ("lint", "audit"):
        run = subprocess.run([binary, command, "--isolated", "--severity=info", "-o", "json", str(path)], capture_output=True, timeout=120)
        if run.returncode not in (0, 1, 3):
            print(f"{path}: {command} exits with {run.returncode}: {run.stderr.decode(errors='replace')}")
            bad += 1
            continue
        report = json.loads(run.stdout)
        for error in validator.iter_errors(report):
            print(f"{path}: {command}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
            bad += 1
        places = [(f["path"], f["start"]["offset"], f["rule"]) for f in report["findings"]]
        if places != sorted(places) and len({p for p, _, _ in places}) == 1:
            print(f"{path}: {command}: findings are not in order")
            bad += 1
difference = jsonschema.Draft7Validator(json.loads((root / "docs/difference.schema.json").read_text()))
different = 0
for old, new in zip(inputs, inputs[1:]):
    run = subprocess.run([binary, "diff", "--isolated", "-o", "json", str(old), str(new)], capture_output=True, timeout=120)
    if not run.stdout and run.returncode == 3:
        continue  # one of the two cannot be read at all
    report = json.loads(run.stdout)
    different += bool(report["witnesses"])
    for error in difference.iter_errors(report):
        print(f"{old} -> {new}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
        bad += 1
assert different > 10, "hardly any fixtures differ"
print(f"{len(inputs)} files validated, {bad} complaints")
sys.exit(bad != 0)
