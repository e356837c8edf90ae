"""Text that harms its reader, in every place where an input has names and words, through every command and form of output. What comes out is
read back as its reader does. tests/report/validate_formats.py does the same for the formats of lint, finding by finding."""
import csv
import io
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import unicodedata
import xml.etree.ElementTree as ElementTree

binary, root = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
complaints = []
runs = 0

# A name without blanks, and a text; neither with quotes, which would end them.
word = "=cmd|\x1b[31m\u202e::error::no%0A]]></script><!--@all`*_[x](y)$\u2066\x7f##vso[a.b]##[error]"
text = word + " =1+1 \x07\x9b2J <b> \u2028 www.example.com"
word_bytes, text_bytes = word.encode() + b"\xff\xc3", text.encode() + b"\xfe\xed\xa0\x80"
toml_word = "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\u{ord(c):04X}" for c in word)
toml_text = "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\u{ord(c):04X}" for c in text) + "\\n::error::line\\r"


def write(folder):
    """Names and texts of every kind: chains, lists, sets, interfaces, comments, remarks, files, zones, services, waivers, tests, policies."""
    (folder / ".git").mkdir()
    rules = (b"*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:" + word_bytes[:28] + b" - [0:0]\n# " + text_bytes + b"\n"
             b'-A INPUT -i ' + word_bytes[:14] + b' -p tcp --dport 23 -m comment --comment "' + text_bytes + b'" -j ACCEPT\n'
             b"-A INPUT -p tcp --dport 21 -m set --match-set " + word_bytes[:30] + b" src -j ACCEPT\n-A INPUT -p tcp --dport 23 -j " + word_bytes[:28] + b"\n"
             b"-A " + word_bytes[:28] + b" -p tcp -j ACCEPT\n-A " + word_bytes[:28] + b' -p tcp --dport 22 -j LOG --log-prefix "' + text_bytes[:28] + b'"\n'
             b"-A INPUT -j " + word_bytes[4:28] + b"\n-A INPUT -m " + word_bytes + b" -j DROP\n-A INPUT -p tcp --dport 80 -j ACCEPT\n-A INPUT -p tcp --dport 80 -j ACCEPT\nCOMMIT\n")
    waived = b"-A INPUT -p tcp --dport 512 -j ACCEPT\n"
    rules = rules.replace(b"COMMIT", b"# portcullis: ignore[PC1] owner='" + text_bytes + b"' ticket='" + word_bytes + b"' reason='" + text_bytes + b"'\n" + waived + b"# portcullis: ignore[" + word_bytes + b"] x\n" + waived + b"COMMIT")
    (folder / "fw.rules").write_bytes(rules)
    # Without what cannot be read, so that all commands go on.
    whole = rules.replace(b"-A INPUT -j " + word_bytes[4:28] + b"\n-A INPUT -m " + word_bytes + b" -j DROP\n", b"")
    (folder / "whole.rules").write_bytes(whole)
    (folder / "other.rules").write_bytes(whole.replace(b"--dport 80", b"--dport 69"))
    for name in (word.replace("/", "") + ".rules", "a\n::error::b\n+++ b.rules", "-x .rules", "=1+1,2.rules", b"\xff\xfe.rules".decode("utf-8", "surrogateescape")):
        (folder / name).write_bytes(whole)
    (folder / "fw.nft").write_bytes(b'table inet t {\n set s { type ipv4_addr; comment "' + text_bytes[:60] + b'"; elements = { 192.0.2.1 comment "' + text_bytes[:60] + b'" } }\n chain c { type filter hook input priority 0; policy drop;\n'
                                    b'  iifname "' + word_bytes[:14] + b'" tcp dport 23 accept comment "' + text_bytes[:100] + b'"\n  tcp dport 23 log prefix "' + text_bytes[:60] + b'" accept\n  ip saddr @s udp dport 69 accept # ' + text_bytes + b"\n }\n}\n")
    (folder / "edge.cfg").write_bytes(b"hostname " + word_bytes + b"\nip access-list extended " + word_bytes + b"\n remark " + text_bytes + b"\n permit tcp any any eq 23\n permit tcp any any eq 23\n remark portcullis: ignore[PC1] owner='" + text_bytes +
                                      b"' " + text_bytes + b"\n permit tcp any any eq 512\ninterface GigabitEthernet0/0\n description " + text_bytes + b"\n ip address 198.51.100.1 255.255.255.0\n ip access-group " + word_bytes + b" in\n!\nobject-group network " + word_bytes + b"\n host 192.0.2.1\n")
    (folder / "edge.asa").write_bytes(b": Saved\nASA Version 9.8(2)\nhostname x\nobject network " + word_bytes + b"\n host 192.0.2.1\nobject service " + word_bytes + b"x\n service tcp destination eq 23\naccess-list " + word_bytes + b" remark " + text_bytes + b"\naccess-list " + word_bytes +
                                      b" extended permit tcp any object " + word_bytes + b" eq 23\ninterface GigabitEthernet0/0\n nameif " + word_bytes + b"\n security-level 0\n ip address 198.51.100.1 255.255.255.0\naccess-group " + word_bytes + b" in interface " + word_bytes + b"\n")
    (folder / "fw.sh").write_bytes(b'#!/bin/sh\nNAME="' + text_bytes.replace(b"$", b"").replace(b"`", b"") + b'"\niptables -P INPUT DROP\niptables -A INPUT -p tcp --dport 23 -m comment --comment "$NAME" -j ACCEPT\niptables -A INPUT -i $(' + b"cat " + word_bytes.replace(b"`", b"").replace(b"<", b"").replace(b"|", b"").replace(b"(", b"").replace(b")", b"").replace(b">", b"") + b") -j ACCEPT\n")
    comment = text.replace("\\", "")
    (folder / "fw.json").write_text(json.dumps({"nftables": [{"table": {"family": "ip", "name": word}}, {"chain": {"family": "ip", "table": word, "name": word, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
        {"rule": {"family": "ip", "table": word, "chain": word, "comment": comment, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 23}}, {"accept": None}]}}]}), "utf-8")
    (folder / "host").mkdir()
    (folder / "host" / "rules.v4").write_bytes(whole)
    plain = "=cmd|::error::no%0A]]></script><!--@all`*_[x](y)$ <b> www.example.com"  # nothing else is let in
    (folder / "own.toml").write_text(f'[lint]\n[zones."{toml_word}"]\nnetworks = ["192.0.2.0/24"]\ntrust = "trusted"\n[services.own-service]\ntcp = [23]\npurpose = "{plain}"\n'
                                     f'[[waive]]\nrule = "PC1"\nfile = "other.rules"\nowner = "{toml_text}"\nticket = "{toml_word}"\nreason = "{toml_text}"\n[[waive]]\nrule = "PC101"\nfile = "{toml_word}"\nreason = "{toml_text}"\n')
    (folder / "bad.toml").write_text(f'["{toml_word}"]\n"{toml_text}" = 1\n[zones."{toml_word}"]\n"{toml_text}" = 2\n')
    (folder / "tests.toml").write_text(f'files = ["whole.rules"]\n[[test]]\nname = "{toml_text}"\nmust_block = "from any to self telnet"\n[[test]]\nname = "{toml_word}"\nmust_pass = "from any to self tcp/99"\n')
    (folder / "policy.toml").write_text('[zones.internet]\ninterfaces = ["eth0"]\ntrust = "untrusted"\n[device]\nname = "{toml_text}"\n'.replace("{toml_text}", toml_text) +
                                        f'[[allow]]\nname = "{toml_text}"\nfrom = ["internet"]\nto = ["self"]\nservices = ["https"]\nowner = "{toml_text}"\nwhy = "{toml_text}"\n')
    (folder / "good.toml").write_text(f'[zones.internet]\ninterfaces = ["eth0"]\ntrust = "untrusted"\n[[allow]]\nname = "web"\nfrom = ["internet"]\nto = ["self"]\nservices = ["https"]\nowner = "{toml_text}"\nticket = "{toml_word}"\nwhy = "{toml_text}"\n')
    (folder / "packets").write_text(json.dumps({"id": text, "hook": "input", "iif": word, "family": 4, "src": word, "dst": "192.0.2.1"}) + "\n" + json.dumps({"id": text, "hook": "input", "family": 4, "src": "192.0.2.2", "dst": "192.0.2.1", "proto": "tcp", "sport": 1, "dport": 23}) + "\n")


harmful = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def check_plain(name, output, colored=False):
    """Nothing that a terminal or an eye acts on but ends of line, blanks and the colours that the program paints with."""
    if " csv: " in name:
        output = output.replace(b"\r\n", b"\n")  # RFC 4180
    try:
        shown = output.decode()
    except UnicodeDecodeError as error:
        complaints.append(f"{name}: bytes that are not UTF-8: {error}: {output[max(0, error.start - 60):error.start + 20]}")
        return
    if colored:
        shown = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    for match in harmful.finditer(shown):
        complaints.append(f"{name}: {match[0]!a} in {shown[max(0, match.start() - 60):match.end() + 20]!a}")
        return
    for at, c in enumerate(shown):
        if unicodedata.category(c) in ("Cf", "Zl", "Zp"):
            complaints.append(f"{name}: {c!a} in {shown[max(0, at - 60):at + 20]!a}")
            return
    if match := re.search(r"##[a-z]*\[", shown, re.I):  # Azure Pipelines and TeamCity look for it anywhere in a line
        complaints.append(f"{name}: a command of a log: {shown[max(0, match.start() - 60):match.end() + 20]!a}")
    for line in shown.split("\n"):
        if line.lstrip().startswith("::") and not name.startswith("lint github"):  # blanks before it do not matter
            complaints.append(f"{name}: a workflow command: {line!a}")


def check_markdown(name, output):
    for line in output.decode().split("\n"):
        if re.search(r"<(?!https?:|/?(?:details|summary|br|sub)\b)[A-Za-z!/]|\]\(|@all|www\.example", line) or (line.startswith("|") and re.search(r"(?<!\\)`[^|]*\|[^|]*`", line)):
            complaints.append(f"{name}: markup: {line!a}")


def check_svg(name, output):
    tree = ElementTree.fromstring(output)
    for element in tree.iter():
        tag = element.tag.rsplit("}", 1)[-1]
        if tag in ("script", "foreignObject", "a", "image", "use") or any(key.lower().startswith("on") or "href" in key.lower() for key in element.attrib):
            complaints.append(f"{name}: {tag} {element.attrib}")


def check_csv(name, output):
    for row in csv.reader(io.StringIO(output.decode(), newline="")):
        if any(re.match(r"\s*[=+\-@]", cell) for cell in row):
            complaints.append(f"{name}: a formula: {row}")


def check_github(name, output):
    for line in output.decode().splitlines():
        if not re.fullmatch(r"::(error|warning|notice) [^:]*::[^\n]*", line) or re.search(r"::(error|warning|notice)", line[2:].split("::", 1)[1]) and not line.split("::", 2)[2]:
            complaints.append(f"{name}: {line!a}")


checks = {"json": lambda name, output: json.loads(output), "sarif": lambda name, output: json.loads(output), "gitlab": lambda name, output: json.loads(output), "rdjson": lambda name, output: json.loads(output),
          "junit": lambda name, output: ElementTree.fromstring(output), "checkstyle": lambda name, output: ElementTree.fromstring(output), "svg": check_svg, "markdown": check_markdown, "csv": check_csv,
          "github": check_github}


def run(folder, arguments, form="text", codes=(0, 1, 3), color=False, must=None, input=None):
    global runs
    runs += 1
    name = f"{arguments[0]} {form}: {' '.join(arguments)!a}"
    result = subprocess.run([binary, *arguments], cwd=folder, capture_output=True, timeout=300, **({"input": input} if input is not None else {"stdin": subprocess.DEVNULL}))
    if result.returncode not in codes:
        complaints.append(f"{name}: exit code {result.returncode}: {result.stderr[:300]}")
    check_plain(name, result.stderr)
    check_plain(name, result.stdout, color)
    if must and must not in result.stdout + result.stderr:
        complaints.append(f"{name}: {must} is not there, so that nothing was tested: {(result.stdout + result.stderr)[:300]}")
    if form in checks and result.stdout:
        try:
            checks[form](name, result.stdout)
        except (ValueError, ElementTree.ParseError) as error:
            complaints.append(f"{name}: cannot be read back: {error}")
    return result


def on_terminal(folder, arguments):
    """What the program writes where standard output is a terminal."""
    parent, child = pty.openpty()
    process = subprocess.Popen([binary, *arguments], cwd=folder, stdout=child, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=os.environ | {"TERM": "xterm"})
    os.close(child)
    output = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
    os.close(parent)
    process.wait()
    check_plain("terminal: " + " ".join(arguments), output.replace(b"\r\n", b"\n"), True)
    if not output:
        complaints.append(f"{arguments}: nothing on the terminal")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    write(folder)
    everything = sorted(os.path.join(".", p.name) for p in folder.iterdir() if p.suffix in (".rules", ".nft", ".cfg", ".asa", ".sh", ".json"))
    for form in ("text", "json", "sarif", "junit", "checkstyle", "gitlab", "github", "rdjson", "csv", "markdown"):
        run(folder, ["lint", "--isolated", "--severity", "info", "-o", form, "--", *everything], form, must=b"PC101")
        run(folder, ["lint", "--config", "own.toml", "--show-suppressed", "--severity", "info", "-o", form, "--", *everything], form)
    run(folder, ["lint", "--isolated", "--color", "always", "--", *everything], color=True, must=b"PC101")
    for form in ("text", "json"):
        run(folder, ["audit", "--config", "own.toml", "-o", form, "--", *everything], form, must=b"telnet")
        run(folder, ["audit", "--config", "own.toml", "--matrix", "own-service,telnet", "-o", form, "whole.rules", "edge.asa"], form, codes=(0, 1, 2, 3))
        run(folder, ["audit", "--host", "host", "-o", form], form)
        run(folder, ["trace", "whole.rules", "--packet", f"in={word[:12]} tcp 203.0.113.9:40000 > 192.0.2.10:23", "-o", form], form, codes=(0, 1, 2, 3))
        run(folder, ["trace", "edge.cfg", "--packet", "in=GigabitEthernet0/0 tcp 203.0.113.9:40000 > 192.0.2.10:23", "-o", form], form)
        run(folder, ["trace", "whole.rules", "--packets", "packets"], "text", codes=(0, 1, 2, 3))
        run(folder, ["query", "--config", "own.toml", "whole.rules", "allowed from any to self", "-o", form], form, must=b"23")
        run(folder, ["query", "edge.cfg", "allowed from any to any telnet", "-o", form], form, must=b"23")
        run(folder, ["diff", "whole.rules", "other.rules", "-o", form], form, must=b"80")
        run(folder, ["diff", "edge.cfg", "edge.asa", "-o", form], form, codes=(0, 1, 2, 3))
        run(folder, ["test", "tests.toml", "-o", form], form, must=b"telnet")
        run(folder, ["harden", "whole.rules", "-o", form], form)
        run(folder, ["verify", "whole.rules", "--policy", "good.toml", "-o", form], form, codes=(0, 1, 2, 3))
    run(folder, ["audit", "--isolated", "--matrix", "telnet,tcp/80", "-o", "svg", "--", *everything], "svg", must=b"<svg")
    run(folder, ["test", "tests.toml", "-o", "junit"], "junit", must=b"<testsuite")
    for form in ("text", "json", "markdown"):
        run(folder, ["catalogue", "--config", "own.toml", "--format", form], form, must=b"telnet")
        run(folder, ["catalogue", "--config", "own.toml", "--format", form, "own-service"], form, must=b"cmd")
        run(folder, ["catalogue", "--config", "own.toml", "--format", form, "tcp/23"], form, must=b"telnet")
    for arguments in (["lint", "--config", "bad.toml", "fw.rules"], ["lint", word], ["lint", "--select", word, "fw.rules"], ["lint", "-o", word, "fw.rules"], [word], ["lint", "--" + word],
                      ["query", "fw.rules", word], ["query", "fw.rules", f"allowed from {word} to any"], ["explain", word], ["catalogue", word], ["init", word], ["lint", "--today", word, "fw.rules"],
                      ["generate", "policy.toml", "--to", "nftables"], ["generate", "policy.toml", "--to", word], ["trace", "whole.rules", "--packet", text], ["trace", "whole.rules", "--packet", "tcp 192.0.2.1:1 > 192.0.2.2:2", "--chain", word],
                      ["diff", "whole.rules", "other.rules", "--map", f"{word}={word}"], ["harden", "whole.rules", "--keep", word], ["harden", "whole.rules", "--zone", word], ["verify", "whole.rules", "--policy", "bad.toml"],
                      ["test", "bad.toml"], ["audit", "whole.rules", "--matrix", word], ["convert", "whole.rules", "--to", "cisco-ios", "--chain", word], ["lint", "--dialect", word, "fw.rules"], ["lint", "--ipset", word, "fw.rules"],
                      ["baseline", "show", "--baseline", "bad.toml"], ["lint", "--config", word, "fw.rules"], ["lint", "--stdin-filename", word, "-"]):
        run(folder, arguments, codes=(1, 2, 3))
    run(folder, ["lint", "--stdin-filename", text + "\n::error::x", "-"], input=(folder / "fw.rules").read_bytes(), must=b"PC101")
    run(folder, ["fmt", "--check", "--", *(n for n in everything if n.endswith((".rules", ".nft")))], codes=(0, 1, 2, 3))
    run(folder, ["baseline", "create", "--isolated", "--", *everything])
    run(folder, ["baseline", "show", "--isolated"], must=b"PC101")
    json.loads((folder / ".portcullis-baseline.json").read_bytes())
    # What a policy says for people reaches rules in comments, and nowhere else.
    for target in ("nftables", "iptables", "ip6tables"):
        run(folder, ["generate", "good.toml", "--to", target], codes=(0,), must=b"web")
    # Patches have the bytes of the file, but not on a terminal; their names are those that git and patch read.
    for arguments in (["lint", "--diff", "--isolated", "whole.rules"], ["harden", "whole.rules"], ["convert", "whole.rules", "--to", "nftables", "--allow-loss"], ["lint", "--isolated", "fw.rules"],
                      ["diff", "whole.rules", "other.rules"], ["audit", "fw.rules"]):
        on_terminal(folder, arguments)
    runs += 1
    named = next(n for n in everything if "+++" in n)
    patch = subprocess.run([binary, "lint", "--diff", "--isolated", named], cwd=folder, capture_output=True)
    if patch.returncode != 1 or patch.stdout.split(b"\n")[1] != b'+++ "b/./a\\012::error::b\\012+++ b.rules"':
        complaints.append(f"the patch of a hostile name: {patch.stdout[:200]}")
    applied = subprocess.run(["git", "apply", "--check", "-"], input=patch.stdout, cwd=folder, capture_output=True)
    if applied.returncode and b"No such file or directory" in applied.stderr:
        complaints.append(f"git does not find the file of the patch: {applied.stderr}")
for complaint in complaints[:60]:
    print(complaint)
print(f"{runs} runs over {len(everything)} files, {len(complaints)} complaints")
sys.exit(bool(complaints))
