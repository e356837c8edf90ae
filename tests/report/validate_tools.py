"""Runs the programs of others over what lint writes: Microsoft's sarif-multitool and ajv out of a folder of npm, and xmllint with the schemas of JUnit.

    npm install @microsoft/sarif-multitool ajv ajv-formats     in some folder, whose node_modules is then named:
    PORTCULLIS_NODE_MODULES=…/node_modules PORTCULLIS_XSD_DIR=… validate_tools.py PROGRAM ROOT

PORTCULLIS_XSD_DIR has schemas of JUnit (*.xsd), such as junit-10.xsd of Jenkins' xunit plugin and JUnit.xsd of windyroad. None of this is needed to
build or to use the program: each part that has no program or file to run is left out, and says so."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

binary, root = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
modules = os.environ.get("PORTCULLIS_NODE_MODULES")
schemas = os.environ.get("PORTCULLIS_XSD_DIR")
if not modules and not schemas:
    print("neither PORTCULLIS_NODE_MODULES nor PORTCULLIS_XSD_DIR says where the programs and schemas of others are: left out")
    sys.exit(0)
inputs = sorted((root / "tests/fixtures").glob("*/*/input.*")) + sorted(p for p in (root / "examples").rglob("*") if p.is_file())
assert len(inputs) > 30, "the fixtures are not where they should be"
complaints = []

AJV = """
const Ajv = require("ajv").default, formats = require("ajv-formats").default, fs = require("fs");
const [schema, ...files] = process.argv.slice(2);
const ajv = new Ajv({allErrors: true, strict: false});
formats(ajv);
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema)));
for (const file of files)
  if (!validate(JSON.parse(fs.readFileSync(file))))
    for (const error of validate.errors) console.log(`${error.instancePath} ${error.message}`);
"""


def lint(folder):
    """The reports of a run over everything, those of one with little in it, and those of one that finds nothing."""
    runs = {"all": inputs, "one": inputs[:1], "examples": [root / "examples"]}
    for name, paths in runs.items():
        outputs = [f"-o{form}={folder}/{name}.{form}" for form in ("sarif", "json", "junit")]
        run = subprocess.run([binary, "lint", "--isolated", "--severity=info", "--statistics", *outputs, "--", *paths], cwd=root, capture_output=True, timeout=300)
        assert run.returncode in (0, 1, 3), run
    return list(runs)


def sarif_multitool(folder, names):
    program = pathlib.Path(modules) / ".bin/sarif-multitool"
    for name in names:
        log = folder / f"{name}.validated"
        run = subprocess.run([program, "validate", folder / f"{name}.sarif", "--log", "ForceOverwrite", "--output", log], capture_output=True, timeout=300,
                             env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
        # It exits with 0 even where it finds errors.
        assert log.exists(), run
        for result in json.loads(log.read_text())["runs"][0]["results"]:
            complaints.append(f"sarif-multitool: {name}: {result['ruleId']} {result['message']}")


def ajv(folder, names):
    script = folder / "validate.js"
    script.write_text(AJV)
    environment = {**os.environ, "NODE_PATH": modules}
    documents = {"docs/report.schema.json": [folder / f"{name}.json" for name in names]}
    for schema, files in documents.items():
        run = subprocess.run(["node", script, root / schema, *files], env=environment, capture_output=True, timeout=300)
        if run.returncode or run.stdout:
            complaints.append(f"ajv: {schema}: {run.stdout.decode()[:2000]}{run.stderr.decode()[:2000]}")
    # It refuses what is wrong, or it would say nothing of anything.
    broken = folder / "broken.json"
    broken.write_text('{"schema_version": "2.0"}')
    assert subprocess.run(["node", script, root / "docs/report.schema.json", broken], env=environment, capture_output=True, timeout=300).stdout
    config = folder / "config.schema.json"
    config.write_bytes(subprocess.run([binary, "config", "schema"], capture_output=True, check=True).stdout)
    sample = folder / "config.json"
    sample.write_text('{"lint": {"select": ["PC"], "per-file": {"lab/**": {"ignore": ["PC3"]}}}, "waive": [{"rule": "PC101", "until": "2031-01-31"}]}')
    run = subprocess.run(["node", script, config, sample], env=environment, capture_output=True, timeout=300)
    if run.returncode or run.stdout:
        complaints.append(f"ajv: config.schema.json: {run.stdout.decode()}{run.stderr.decode()}")


def xmllint(folder, names):
    for schema in sorted(pathlib.Path(schemas).glob("*.xsd")):
        for name in names:
            run = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", schema, folder / f"{name}.junit"], capture_output=True, timeout=300)
            if run.returncode:
                complaints.append(f"{schema.name}: {name}: {run.stderr.decode()[:2000]}")
        print(f"xmllint: {schema.name}")


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    names = lint(folder)
    if modules and (pathlib.Path(modules) / ".bin/sarif-multitool").exists():
        sarif_multitool(folder, names)
    else:
        print("sarif-multitool is not there (PORTCULLIS_NODE_MODULES): left out")
    if modules and shutil.which("node") and (pathlib.Path(modules) / "ajv-formats").exists():
        ajv(folder, names)
    else:
        print("ajv is not there (PORTCULLIS_NODE_MODULES): left out")
    if schemas and shutil.which("xmllint"):
        xmllint(folder, names)
    else:
        print("xmllint or schemas of JUnit are not there (PORTCULLIS_XSD_DIR): left out")
for complaint in complaints:
    print(complaint)
print(f"{len(inputs)} files, {len(complaints)} complaints")
sys.exit(bool(complaints))
