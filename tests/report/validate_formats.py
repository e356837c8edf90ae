"""Runs lint over every fixture and example, and over files made to harm their readers, and reads each format back as its
reader does: what it says has to be what -o json says. PORTCULLIS_SARIF_SCHEMA may name the schema of SARIF, which is then used too."""
import collections
import csv
import html
import html.parser
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ElementTree

binary, root = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
formats = ["json", "sarif", "junit", "checkstyle", "gitlab", "github", "rdjson", "csv", "markdown", "html"]
complaints = []
sarif_schema = None
if path := os.environ.get("PORTCULLIS_SARIF_SCHEMA"):
    import jsonschema
    sarif_schema = jsonschema.Draft202012Validator(json.loads(pathlib.Path(path).read_text()))


def reports(folder, arguments, cwd, options=()):
    """Every format out of one run; and what standard output has, which is none of them."""
    outputs = [f"-o{name}={folder}/{name}" for name in formats]
    run = subprocess.run([binary, "lint", "--isolated", *(options or ["--severity=info"]), *outputs, "--", *arguments], cwd=cwd, capture_output=True, timeout=300)
    assert run.returncode in (0, 1, 3) and not run.stdout, run
    return {name: (pathlib.Path(folder) / name).read_bytes() for name in formats}


# What a terminal or an eye would act on, as src/base/visible.cpp has it for the characters that the fixtures have.
def shown(text):
    text = re.sub(r"#(?=#[A-Za-z]*\[)", r"\\x23", text)
    return re.sub("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufffe\uffff]", lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 0x100 else f"\\u{{{ord(m[0]):x}}}", text.replace("\t", " "))


def message_of(finding):
    return shown(finding["message"]) + (" (possible)" if finding["certainty"] == "possible" else "")


def same(some, others):
    """Bytes that are no UTF-8 are U+FFFD in JSON, and escaped for eyes."""
    def loose(value):
        return re.sub(r"(\ufffd|\\x[89a-f][0-9a-f])+", "?", value) if isinstance(value, str) else value
    pairs = [([loose(v) for v in one], [loose(v) for v in other]) for one, other in zip(some, others)]
    different = [pair for pair in pairs if pair[0] != pair[1]]
    if different and os.environ.get("PORTCULLIS_SHOW"):
        print(ascii(different[0]))
    return not different and len(some) == len(others)


class Files:
    """The texts that places are in, without the mark that the program takes away too."""

    def __init__(self, cwd):
        self.cwd, self.texts = pathlib.Path(cwd), {}

    def text(self, path):
        if path not in self.texts:
            file = self.cwd / path.replace("\ufffd", "\udcff")  # JSON has no word for that byte
            self.texts[path] = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
        return self.texts[path]

    def utf16(self, path, line, column):
        """The offset of a place in UTF-16 code units."""
        data = self.text(path)
        start = sum(len(text) + 1 for text in data.split(b"\n")[:line - 1])
        at, units = start, 1
        while units < column:
            length = next((n for n in (1, 2, 3, 4) if is_utf8(data[at:at + n])), 1)
            units += 2 if length == 4 else 1
            at += length
        return at

    def shown_offset(self, path, offset):
        """Past the last end of line there is no line for readers to show."""
        data = self.text(path)
        return offset - 1 if offset == len(data) and data.endswith(b"\n") else offset

    def bytes(self, path, line, column):
        return sum(len(text) + 1 for text in self.text(path).split(b"\n")[:line - 1]) + column - 1


def is_utf8(data):
    try:
        return len(data.decode()) == 1
    except UnicodeDecodeError:
        return False


def check_sarif(text, findings, files, name_of):
    log = json.loads(text)
    if sarif_schema:
        yield from (error.message[:200] for error in sarif_schema.iter_errors(log))
    run, = log["runs"]
    driver = run["tool"]["driver"]
    rules = driver["rules"]
    results = run["results"]
    # Pages of the manual that are installed with the program.
    if driver["informationUri"] != "man:portcullis(1)" or any(rule["helpUri"] != "man:portcullis-rules(7)" for rule in rules):
        yield "the places to read more at"
    if log["version"] != "2.1.0" or run["columnKind"] != "utf16CodeUnits" or len({r["id"] for r in rules}) != len(rules) or len(results) != len(findings):
        yield "the head of the log"
    for rule in rules:
        properties = rule["properties"]
        if not all(rule[k]["text"] for k in ("shortDescription", "fullDescription", "help")) or not rule["help"]["markdown"]:
            yield f"{rule['id']} has no text"
        score = properties.get("security-severity")
        if (score is None) == ("security" in properties["tags"]) or (score and (not isinstance(score, str) or not 0 < float(score) <= 10)):
            yield f"{rule['id']}: {properties}"
        if not properties["precision"] or properties["problem.severity"] not in ("error", "warning", "recommendation") or len(properties["tags"]) > 20:
            yield f"{rule['id']}: {properties}"
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
    if len(set(hashes)) != len(hashes):
        yield "two results have one fingerprint"
    if len({"suppressions" in result for result in results}) > 1:
        yield "some results have suppressions, and others are silent"
    for result, finding in zip(results, findings):
        if rules[result["ruleIndex"]]["id"] != result["ruleId"] or result["ruleId"] != finding["rule"]:
            yield f"{result['ruleId']} is not rule {result['ruleIndex']}"
        place, = result["locations"]
        yield from sarif_place(place["physicalLocation"], finding, files, name_of)
        suppressions = [(s["kind"], s["status"]) for s in result.get("suppressions", [])]
        kinds = {"comment": "inSource", "configuration": "external", "baseline": "external"}
        if suppressions != ([(kinds[finding["suppressed"]["kind"]], "accepted")] if finding["suppressed"] else []):
            yield f"suppressions {suppressions} of {finding['suppressed']}"
        related = result.get("relatedLocations", [])
        links = [int(i) for i in re.findall(r"(?<!\\)\]\((\d+)\)", result["message"]["text"])]
        if len(related) != len(finding["related"]) or links != [r["id"] for r in related][:10] or "](" in re.sub(r"(?<!\\)\]\(\d+\)", "", result["message"]["text"]):
            yield f"links of {result['message']}"
        for one, other in zip(related, finding["related"]):
            yield from sarif_place(one["physicalLocation"], other, files, name_of)
        edits = [e for fix in result.get("fixes", []) for change in fix["artifactChanges"] for e in change["replacements"]]
        wanted = finding["fix"]["edits"] if finding["fix"] else []
        got = [(files.utf16(finding["path"], e["deletedRegion"]["startLine"], e["deletedRegion"]["startColumn"]), e.get("insertedContent", {}).get("text", "")) for e in edits]
        if got != [(e["offset"], e["text"]) for e in wanted]:
            yield f"the fix of {result['ruleId']}"


def sarif_place(place, finding, files, name_of):
    uri = place["artifactLocation"]["uri"]
    if not re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri) or uri.startswith(("/", "./")) or urllib.parse.unquote(uri) != name_of(finding["path"]):
        yield f"uri {uri} of {finding['path']}"
    region = place["region"]
    got = [files.utf16(finding["path"], region[end + "Line"], region[end + "Column"]) for end in ("start", "end")]
    if got != offsets(finding, files):
        yield f"{uri}: {region} is not {finding['start']} to {finding['end']}"


def offsets(finding, files):
    start = files.shown_offset(finding["path"], finding["start"]["offset"])
    return [start, max(start, finding["end"]["offset"]) if start == finding["start"]["offset"] else start]


def check_junit(text, findings, files, name_of):
    suites = ElementTree.fromstring(text)
    if suites.tag != "testsuites" or suites.attrib:
        yield "the root is no plain testsuites"
    wrong = []
    skipped = 0
    for index, suite in enumerate(suites):
        if list(suite.attrib) != ["name", "timestamp", "hostname", "tests", "failures", "errors", "time", "package", "id"] or suite.get("id") != str(index):
            yield f"attributes of the suite: {suite.attrib}"
        if suite.get("timestamp") != "1970-01-01T00:00:00":
            yield f"timestamp {suite.get('timestamp')}"
        cases = suite.findall("testcase")
        if [child.tag for child in suite] != ["properties", *["testcase"] * len(cases), "system-out", "system-err"] or not cases:
            yield "children of the suite"
        if len({(c.get("classname"), c.get("name")) for c in cases}) != len(cases):
            yield "two cases have one name"
        counts = [len(cases), len(suite.findall("testcase/failure")), len(suite.findall("testcase/error"))]
        if [int(suite.get(name)) for name in ("tests", "failures", "errors")] != counts:
            yield f"counts of the suite: {suite.attrib}"
        for case in cases:
            if set(case.attrib) != {"name", "classname", "time"} or len(case) > 1 or any((set(c.attrib), bool(c.text)) != ({"message"}, False) if c.tag == "skipped" else
                                                                                            c.tag not in ("failure", "error") or set(c.attrib) != {"message", "type"} or not c.text for c in case):
                yield f"test case {case.attrib}"
            wrong += [case.get("name") if c.tag == "skipped" else c.get("message") for c in case]
        skipped += len(suite.findall("testcase/skipped"))
    if not same([[w] for w in wrong], [[f"{f['rule']} {message_of(f)}" if f["suppressed"] else message_of(f)] for f in findings]):
        yield "the messages are others"
    if skipped != sum(f["suppressed"] is not None for f in findings):
        yield "other cases are skipped"


def check_checkstyle(text, findings, files, name_of):
    tree = ElementTree.fromstring(text)
    if tree.tag != "checkstyle" or tree.get("version") != "4.3" or any(f.tag != "file" for f in tree):
        yield "the root"
    names = [f.get("name") for f in tree]
    if len(set(names)) != len(names):
        yield "a file is there twice"
    got = sorted((f.get("name"), int(e.get("line")), int(e.get("column")), e.get("message"), e.get("source").split(".")[1]) for f in tree for e in f)
    wanted = sorted((shown(f["path"]), f["start"]["line"], column_in_bytes(f, files), message_of(f), f["rule"]) for f in findings)
    if not same(got, wanted) or any(e.get("severity") not in ("error", "warning", "info") for f in tree for e in f):
        yield "the errors are others"


def column_in_bytes(finding, files):
    offset = files.shown_offset(finding["path"], finding["start"]["offset"])
    return offset - files.text(finding["path"]).rfind(b"\n", 0, offset)


def check_gitlab(text, findings, files, name_of):
    items = json.loads(text)
    for item in items:
        if set(item) != {"description", "check_name", "fingerprint", "severity", "location"} or item["severity"] not in ("info", "minor", "major", "critical", "blocker"):
            yield f"an item that GitLab drops, with all after it: {item}"
        if item["location"]["lines"]["begin"] < 1 or item["location"]["path"].startswith("./"):
            yield f"{item['location']}"
    if len({item["fingerprint"] for item in items}) != len(items):
        yield "two items have one fingerprint"
    if not same([(i["description"], i["fingerprint"]) for i in items], [(f"{f['rule']}: {message_of(f)}", f["fingerprint"]) for f in findings]):
        yield "the items are others"


def check_github(text, findings, files, name_of):
    lines = text.decode().split("\n")[:-1]
    rank = {"critical": 0, "high": 0, "medium": 1, "low": 2, "info": 2}
    order = sorted(findings, key=lambda f: ["critical", "high", "medium", "low", "info"].index(f["severity"]))
    levels = ["error", "warning", "notice"]
    counts = [sum(rank[f["severity"]] == i for f in findings) for i in range(3)]
    most = [10, 10, 9 if max(counts) > 10 else 10]
    told = []
    for i, line in enumerate(lines):
        match = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        if not match:
            yield f"no command: {line}"
            continue
        properties = dict(p.split("=", 1) for p in match[2].split(","))
        if "file" not in properties:
            missing = sum(max(0, count - m) for count, m in zip(counts, most))
            if i + 1 != len(lines) or sum(map(int, re.findall(r"\d+", match[3]))) != missing:
                yield f"the rest: {line}"
            continue
        told.append((match[1], decode(properties["file"]), decode(match[3]).split("\n")[0]))
    for i, level in enumerate(levels):
        wanted = [(level, shown(name_of(f["path"])), message_of(f)) for f in order if rank[f["severity"]] == i][:most[i]]
        if not same([t for t in told if t[0] == level], wanted):
            yield f"the {level}s are others"


def decode(text):
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")


def check_rdjson(text, findings, files, name_of):
    diagnostics = json.loads(text)["diagnostics"]
    for d, finding in zip(diagnostics, findings):
        start, end = d["location"]["range"]["start"], d["location"]["range"]["end"]
        places = [files.bytes(finding["path"], p["line"], p["column"]) for p in (start, end)]
        if places != offsets(finding, files):
            yield f"{d['location']} is not {finding['start']}"
        if not set(d) <= {"message", "location", "severity", "code", "suggestions", "related_locations"} or any(set(s) != {"range", "text"} for s in d.get("suggestions", [])):
            yield f"a diagnostic with {list(d)}"
        if d["severity"] not in ("ERROR", "WARNING", "INFO") or d["code"]["value"] != finding["rule"] or not same([d["message"].split("\n")[:1]], [[message_of(finding)]]):
            yield f"{d['message']}"
    if len(diagnostics) != len(findings):
        yield "diagnostics are missing"


def check_csv(text, findings, files, name_of):
    rows = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
    for row in rows:
        if any(re.match(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]", cell) for cell in row.values()):
            yield f"a formula: {row}"
    plain = [(row["path"].removeprefix("'"), row["rule"], row["message"].removeprefix("'"), row["fingerprint"]) for row in rows]
    if not same(plain, [(shown(name_of(f["path"])), f["rule"], shown(f["message"]).removeprefix("'"), f["fingerprint"]) for f in findings]):
        yield "the rows are others"


def check_markdown(text, findings, files, name_of):
    lines = text.decode().split("\n")
    rows = [line for line in lines if line.startswith("|")][2:]
    for row in rows:
        if row.count("|") != 6 or re.search(r"[<>`*_\[\]\\~$@]|(?<!&)#|[!%]\w|&(?!#\d+;)|://|www\.", row):
            yield f"markup: {row}"
    told = sorted(html.unescape(row.split("|")[5]).strip().replace("\u200b", "") for row in rows)
    if not same([[t] for t in told], sorted([message_of(f).rstrip(" ")] for f in findings)):
        yield "the rows are others"


class Page(html.parser.HTMLParser):
    """The messages of an HTML report, and what in it is not as the program writes it."""

    def __init__(self):
        super().__init__()
        self.tags, self.messages, self.wrong, self.in_finding, self.in_message = collections.Counter(), [], [], False, False

    def handle_starttag(self, tag, attributes):
        self.tags[tag] += 1
        for name, value in attributes:
            if name.startswith("on") or name in ("style", "src", "action") or (name == "href" and not value.startswith("#")):
                self.wrong.append(f"{tag} has {name}={value}")
        if tag == "li" and (dict(attributes).get("class") or "").split()[:1] == ["f"]:
            self.in_finding = True
        elif tag == "span" and self.in_finding:
            self.messages.append("")
            self.in_finding, self.in_message = False, True

    def handle_endtag(self, tag):
        self.in_message = self.in_message and tag != "span"

    def handle_data(self, data):
        if self.in_message:
            self.messages[-1] += data


def check_html(text, findings, files, name_of):
    page = Page()
    page.feed(text.decode())
    page.close()
    yield from page.wrong
    if any(page.tags[tag] != 1 for tag in ("html", "style", "script", "title", "main")) or any(page.tags[tag] for tag in ("img", "iframe", "link", "object")):
        yield f"other elements: {page.tags}"
    if not same([[m] for m in sorted(page.messages)], sorted([message_of(f)] for f in findings)):
        yield "the findings are others"


def check(reports, files, name_of, what):
    findings = json.loads(reports["json"])["findings"]
    for name in formats[1:]:
        text = reports[name]
        told = findings if name in ("sarif", "junit", "html") else [f for f in findings if not f["suppressed"]]
        for complaint in globals()[f"check_{name}"](text, told, files, name_of):
            complaints.append(f"{what}: {name}: {complaint}")
        if re.search("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f\x80-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]", text.decode()):
            complaints.append(f"{what}: {name}: a character that acts on its reader")
    return len(findings)


def check_audit(out, inputs, cwd, what):
    """The lists of audit: a row for each service in CSV, and Markdown whose tables have the cells that their heads promise."""
    outputs = [f"-o{name}={out}/audit.{name}" for name in ("json", "csv", "markdown")]
    run = subprocess.run([binary, "audit", "--isolated", *outputs, "--", *inputs], cwd=cwd, capture_output=True, timeout=300)
    assert run.returncode in (0, 1, 3) and not run.stdout, run
    exposures = json.loads((out / "audit.json").read_bytes())["exposures"]
    page, rows = (out / "audit.markdown").read_text(), list(csv.DictReader(io.StringIO((out / "audit.csv").read_bytes().decode(), newline="")))
    plain = [(row["service"], row["certainty"], row["sources"] == "untrusted", row["justification"].removeprefix("'")) for row in rows]
    if not same(plain, [(e["service"], e["certainty"], e["untrusted"], shown("; ".join(e["justifications"])).removeprefix("'")) for e in exposures]):
        yield f"{what}: the rows of audit's CSV are others"
    if any(re.match(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]", cell) for row in rows for cell in row.values()):
        yield f"{what}: a formula in audit's CSV"
    for line in page.split("\n"):
        if line.startswith("|") and (line.count("|") != 8 or re.search(r"[<>`_\[\]\\~$@]|(?<!&)#|[!%]\w|&(?!#\d+;)|://|www\.", line)):
            yield f"{what}: markup in audit's Markdown: {line}"
    if re.search("[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]", page):
        yield f"{what}: a character in audit's Markdown that acts on its reader"


nasty = "\x1b[31m\u202e::error::no%0A::error::]]>--></script><script>alert(1)</script>|=cmd!A1|@all #12 ##vso[a.b] [x](http://example.com) `*_$\u2028\ufffe"


def hostile_files(folder):
    """Names and texts out of what harms the reader of some format."""
    comment = nasty.encode().replace(b'"', b"") + b"\xff\xc3\x80\xed\xa0\x80"
    chain = "=1+1]]></script>@all%0A\x1b\u202e::".encode() + b"\xff"
    text = (b"*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:" + chain + b" - [0:0]\n:" + b"+unused|<b>\xf0\x9f\x98\x80 - [0:0]\n"
            b'-A INPUT -p tcp --dport 23 -m comment --comment "' + comment + b'" -j ACCEPT\n-A INPUT -p tcp --dport 23 -m comment --comment "\xf0\x9f\x98\x80 ' + comment + b'" -j DROP\n'
            b"-A INPUT -j " + chain + b"\n-A " + chain + b" -p tcp --dport 21 -j ACCEPT\n-A INPUT -j -missing\n-A INPUT -j @all\n-A INPUT --" + comment.replace(b" ", b"") + b" -j ACCEPT\n"
            b"COMMIT\n")
    names = ["=1+1,\"::error::\u202e]]><b>%0A@all|#1\x1b[31m.rules", "a b:c%20d?e#f\n::error::x.rules", "-dash \U0001F600.rules"]
    for name in names:
        (folder / name).write_bytes(text)
    (folder / "bytes\udcff.rules").write_bytes(text.replace(b"\n", b"\r\n"))
    (folder / "config.cfg").write_bytes(b"hostname x\nip access-list extended =1+1]]>@all\n permit tcp any any eq 23\n remark " + comment + b"\ninterface Gi0/0\n ip access-group =1+1]]>@all in\n")
    waived = b"# portcullis: ignore[PC101] reason='" + comment.replace(b"'", b"") + b"'\n-A INPUT -p tcp --dport 23 -j ACCEPT\n# portcullis: ignore[PC1" + comment + b"\n"
    (folder / "waived.rules").write_bytes(b"*filter\n:INPUT DROP [0:0]\n" + waived + b"COMMIT\n")
    return sorted(p.name for p in folder.iterdir() if p.is_file())


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    out = folder / "out"
    out.mkdir()
    inputs = sorted(str(p.relative_to(root)) for p in (root / "tests/fixtures").glob("*/*/input.*")) + sorted(str(p.relative_to(root)) for p in (root / "examples").rglob("*") if p.is_file())
    assert len(inputs) > 30, "the fixtures are not where they should be"
    found = check(reports(out, inputs, root), Files(root), os.path.normpath, "fixtures")
    assert found > 500, found
    hostile = folder / "hostile"
    (hostile / ".git").mkdir(parents=True)
    names = hostile_files(hostile)
    here = reports(out, names, hostile)
    found = check(here, Files(hostile), lambda path: path, "hostile")
    assert json.loads(here["json"])["summary"]["suppressed"] == 1
    assert found > 30, found
    complaints += check_audit(out, names, hostile, "hostile")
    complaints += check_audit(out, ["examples", *(i for i in inputs if "/cisco" in i or "/nft" in i)], root, "fixtures")
    # What is told depends neither on where the program was started, nor on how many threads it has.
    deeper = hostile / "sub" / "folder"
    deeper.mkdir(parents=True)
    there = reports(out, ["../../" + name for name in names], deeper, ["--severity=info", "-j1"])
    check(there, Files(deeper), lambda path: os.path.normpath("sub/folder/" + path), "hostile, from below")
    for name in ("sarif", "junit", "gitlab", "github", "csv", "markdown"):
        if here[name] != there[name]:
            complaints.append(f"{name} depends on the working directory")
    (deeper / "clean.rules").write_text("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\nCOMMIT\n")
    none = reports(out, ["clean.rules"], deeper, ["--severity=info", "--select=PC101"])
    check(none, Files(deeper), lambda path: path, "clean")
    if json.loads(none["gitlab"]) != [] or json.loads(none["sarif"])["runs"][0]["results"] != [] or none["github"] or b"no findings" not in none["junit"]:
        complaints.append("no finding is not said as such")

def check_ci_commands(folder):
    """The commands of ci/ and action.yml, run on the examples: the exit code is 1, and the reports are those of one plain run."""
    program = folder / "bin" / "portcullis"
    program.parent.mkdir()
    program.symlink_to(binary)
    out = folder / "plain"
    out.mkdir()
    plain = reports(out, ["examples"], root, ["--severity=low"])
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "FILES": "examples", "ARGUMENTS": "--isolated", "SARIF": f"{folder}/action.sarif",
                   "GITHUB_STEP_SUMMARY": f"{folder}/summary.md", "PORTCULLIS_ARGUMENTS": "--isolated", "PORTCULLIS_FILES": "examples"}
    run = subprocess.run([root / "ci/github.sh"], cwd=root, env=environment, capture_output=True)
    if (run.returncode, run.stdout, (folder / "action.sarif").read_bytes(), (folder / "summary.md").read_bytes()) != (1, plain["github"], plain["sarif"], plain["markdown"]):
        yield f"ci/github.sh: {run}"
    job = (root / "ci/gitlab.yml").read_text()
    command, = re.findall(r"(?<=\n    - )portcullis .*", job)
    files = {name: re.search(rf"(?<=\n      {name}: )\S+", job)[0] for name in ("codequality", "junit")}
    for file in files.values():
        command = command.replace(f"={file}", f"={folder}/{file}")
    run = subprocess.run(["bash", "-c", command], cwd=root, env=environment, capture_output=True)
    if (run.returncode, (folder / files["codequality"]).read_bytes(), (folder / files["junit"]).read_bytes()) != (1, plain["gitlab"], plain["junit"]):
        yield f"ci/gitlab.yml: {run}"


with tempfile.TemporaryDirectory() as folder:
    complaints += check_ci_commands(pathlib.Path(folder))
for complaint in complaints[:50]:
    print(complaint.encode("unicode_escape").decode())
print(f"{len(inputs)} fixtures and {len(names)} hostile files read back, {len(complaints)} complaints")
sys.exit(bool(complaints))
