"""Runs lint, audit, query, test and diff over every fixture and example, and validates what -o json writes by the schemas in docs,
and what -o junit and -o svg write by what readers of them demand."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import jsonschema

binary, root = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
schema = json.loads((root / "docs/report.schema.json").read_text())
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
inputs = sorted((root / "tests/fixtures").glob("*/*/input.*")) + sorted(p for p in (root / "examples").rglob("*") if p.is_file())
assert len(inputs) > 30, "the fixtures are not where they should be"
bad = 0
for path in inputs:
    for command, *options in (["lint"], ["audit", "--matrix=ssh,udp/53"]):
        run = subprocess.run([binary, command, *options, "--isolated", "--severity=info", "-o", "json", str(path)], capture_output=True, timeout=120)
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
    if run.returncode == 2 and b"speak of different families" in run.stderr:
        continue
    report = json.loads(run.stdout)
    different += bool(report["witnesses"])
    for error in difference.iter_errors(report):
        print(f"{old} -> {new}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
        bad += 1
assert different > 10, "hardly any fixtures differ"


def validator_of(name):
    schema = json.loads((root / "docs" / name).read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema, resolver=jsonschema.RefResolver((root / "docs" / name).resolve().as_uri(), schema))


def check_json(run, validator, what):
    complaints = [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(json.loads(run.stdout))]
    for complaint in complaints:
        print(f"{what}: {complaint}")
    return len(complaints)


# The order and the attributes that JUnit's stricter schema wants: windyroad/JUnit-Schema.
def junit_complaints(text):
    suites = ElementTree.fromstring(text)
    if suites.tag != "testsuites" or suites.attrib:
        yield "the root is no plain testsuites"
    for suite in suites:
        if set(suite.attrib) != {"name", "timestamp", "hostname", "tests", "failures", "errors", "time", "package", "id"}:
            yield f"attributes of the suite: {suite.attrib}"
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp")):
            yield f"timestamp {suite.get('timestamp')}"
        tags = [child.tag for child in suite]
        cases = suite.findall("testcase")
        if tags != ["properties", *["testcase"] * len(cases), "system-out", "system-err"]:
            yield f"children of the suite: {tags}"
        for case in cases:
            if set(case.attrib) != {"name", "classname", "time"} or len(case) > 1 or any(c.tag not in ("failure", "error") or set(c.attrib) != {"message", "type"} for c in case):
                yield f"test case {case.attrib}"
        counts = [len(cases), len(suite.findall("testcase/failure")), len(suite.findall("testcase/error"))]
        if [int(suite.get(name)) for name in ("tests", "failures", "errors")] != counts:
            yield f"counts of the suite: {suite.attrib}"


# JSON lines are pieces of the JSON: each type by its part of the schema.
def line_validator(part):
    own = {**schema, "additionalProperties": True, "required": []} if part is None else {**schema["definitions"][part], "additionalProperties": True, "definitions": schema["definitions"]}
    return jsonschema.Draft7Validator(own)


lines = {"file": line_validator("file"), "finding": line_validator("finding"), "summary": jsonschema.Draft7Validator({
    "type": "object", "additionalProperties": False, "required": ["type", "schema_version", "tool", "files", "summary", "statistics", "complete"], "definitions": schema["definitions"],
    "properties": {"type": {"const": "summary"}, "files": {"type": "integer"}, **{name: schema["properties"][name] for name in ("schema_version", "tool", "summary", "statistics", "complete")}}})}
run = subprocess.run([binary, "lint", "--isolated", "--severity=info", "--statistics", "-o", "jsonl", *map(str, inputs)], capture_output=True, timeout=120)
told = [json.loads(line) for line in run.stdout.splitlines()]
assert [line["type"] for line in told].count("file") == len(inputs) and told[-1]["type"] == "summary", run
for line in told:
    for error in lines[line["type"]].iter_errors(line):
        print(f"jsonl: {line['type']}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
        bad += 1


def check_configurations():
    """Configurations that the program takes are valid by the schema that it prints, and those with a mistake of form are not."""
    validator = jsonschema.Draft7Validator(json.loads(subprocess.run([binary, "config", "schema"], capture_output=True, check=True).stdout))
    validator.check_schema(validator.schema)
    right = [{}, {"root": True, "extend": "x.toml", "lint": {"select": ["PC"], "fail-on": "never", "levels": {"PC114": "high"}, "per-file": {"lab/**": {"ignore": ["PC3"], "levels": {"PC1": "low"}}}}},
             {"zones": {"lan": {"networks": ["10.0.0.0/8"], "interfaces": ["eth*"], "trust": "trusted"}}, "files": {"dialect": {"*.acl": "cisco-ios"}}},
             {"services": {"backup": {"tcp": [9102, "9500-9510"], "severity": {"any": "none"}, "ports": [{"udp": 7, "role": "x"}]}}, "waive": [{"rule": "PC101", "until": "2031-01-02", "reason": "x"}]}]
    wrong = [{"rot": True}, {"root": "yes"}, {"lint": {"slect": []}}, {"lint": {"select": "PC"}}, {"lint": {"fail-on": "hihg"}}, {"lint": {"levels": {"PC114": "never"}}}, {"lint": {"per-file": {"*": {"baseline": "x"}}}},
             {"files": {"dialect": {"*": "cisco"}}}, {"zones": {"lan": {"network": []}}}, {"zones": {"lan": {"trust": "maybe"}}}, {"services": {"x": {"tcp": [0]}}}, {"services": {"x": {"tpc": [1]}}}, {"waive": {}}, {"waive": [{"rules": "x"}]}]
    for document in right:
        yield from (f"{document}: {error.message}" for error in validator.iter_errors(document))
    yield from (f"{document} is valid" for document in wrong if validator.is_valid(document))
    try:
        import tomllib  # Python 3.11
    except ImportError:
        return
    # What docs/cli.md shows is read by the program and valid by its schema.
    sample, = re.findall(r"```toml\n(root = true.*?)```", (root / "docs/cli.md").read_text(), re.S)
    plain = json.loads(json.dumps(tomllib.loads(sample), default=str))
    yield from (f"docs/cli.md: {error.message}" for error in validator.iter_errors(plain))
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "repo").mkdir()
        (pathlib.Path(folder) / "base.toml").write_text("[lint]\nfail-on = 'low'\n")
        (pathlib.Path(folder) / "repo/portcullis.toml").write_text(sample)
        run = subprocess.run([binary, "config", "show"], cwd=f"{folder}/repo", capture_output=True, timeout=60)
        if run.returncode:
            yield f"docs/cli.md: {run.stderr.decode()}"


for complaint in check_configurations():
    print(f"configuration: {complaint}")
    bad += 1

answer, tests = validator_of("answer.schema.json"), validator_of("tests.schema.json")
answered, failed, drawn = 0, 0, 0
with tempfile.TemporaryDirectory() as folder:
    assertions = pathlib.Path(folder) / "assertions.toml"
    assertions.write_text("[[test]]\nname = \"no <telnet> & \\u0007\"\nmust_block = 'telnet'\n[[test]]\nname = 'ssh'\nmust_pass = 'ssh'\n"
                          "[[test]]\nname = 'little'\nallow_only = 'icmp,icmpv6'\n[[test]]\nname = 'same'\nsame_as = 'no-such-file'\n")
    for path in inputs:
        run = subprocess.run([binary, "query", "--isolated", "-o", "json", "--expect", "denied", str(path), "allowed from internet to any ssh,telnet,icmp"], capture_output=True, timeout=120)
        if run.returncode in (0, 1, 3):
            answered += bool(json.loads(run.stdout)["witnesses"])
            bad += check_json(run, answer, f"{path}: query")
        elif run.returncode != 2 or b"describes no packet" not in run.stderr:
            print(f"{path}: query exits with {run.returncode}: {run.stderr.decode(errors='replace')}")
            bad += 1
        for form in ("json", "junit"):
            run = subprocess.run([binary, "test", "--isolated", "-o", form, str(assertions), str(path)], capture_output=True, timeout=120)
            if run.returncode != 3:  # a file is missing
                print(f"{path}: test exits with {run.returncode}: {run.stderr.decode(errors='replace')}")
                bad += 1
            elif form == "json":
                failed += json.loads(run.stdout)["summary"]["failed"]
                bad += check_json(run, tests, f"{path}: test")
            else:
                for complaint in junit_complaints(run.stdout):
                    print(f"{path}: test -o junit: {complaint}")
                    bad += 1
        run = subprocess.run([binary, "audit", "--isolated", "--matrix", "ssh", "-o", "svg", str(path)], capture_output=True, timeout=120)
        drawn += len(ElementTree.fromstring(run.stdout).findall("{http://www.w3.org/2000/svg}rect")) > 1
assert min(answered, failed, drawn) > 10, "hardly any fixtures answer anything"
print(f"{len(inputs)} files validated, {bad} complaints")
sys.exit(bad != 0)
