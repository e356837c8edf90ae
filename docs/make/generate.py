"""Makes the documents that are made of what the program knows: docs/rules, docs/man, docs/lint.svg and the README's table.

    generate.py PROGRAM            writes them
    generate.py --check PROGRAM    exits with 1 where one is not as it would be written
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import termios

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import roff
import terminal

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATE = "2026-11-29"  # of the manual: that of its last change of more than words
LEFT_OUT = ("Exit codes", "portcullis.toml")  # of docs/cli.md: they have places of their own


def run(program, *arguments):
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1795910400"}
    return subprocess.run([program, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=False).stdout.decode()


def in_terminal(program, columns, *arguments):
    """What it writes to a terminal of so many columns, with colours."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    child = subprocess.Popen([program, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=its, env={"PATH": os.environ["PATH"], "TERM": "xterm"})
    os.close(its)
    text = b""
    try:
        while part := os.read(ours, 65536):
            text += part
    except OSError:  # the end of a terminal
        pass
    os.close(ours)
    child.wait()
    return text.decode().replace("\r\n", "\n")


def sections(markdown):
    """Titles of the second level, and what stands below them."""
    parts = re.split(r"^## (.*)\n", re.sub(r"^# .*\n", "", markdown), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2])), parts[0]


def option(argument):
    value = f" \\fI{roff.escaped(argument['value'])}\\fR" if argument["value"] else ""
    names = ", ".join(f"\\fB{roff.escaped(name)}\\fR{value}" for name in argument["names"])
    return f".TP\n{names}\n{roff.filled(roff.escaped(argument['help']))}"


def command_pages(line):
    out = ""
    for command in line["commands"]:
        places = "".join(f" [\\fI{roff.escaped(place['value'])}\\fR ...]" for place in command["places"])
        out += f".SS {roff.escaped(command['name'])}\n\\fBportcullis {roff.escaped(command['name'])}\\fR [\\fIoptions\\fR]{places}\n.PP\n"
        out += roff.filled(roff.escaped(command["help"] + "."))
        out += "".join(f".TP\n\\fI{roff.escaped(place['value'])}\\fR\n{roff.filled(roff.escaped(place['help']))}" for place in command["places"] if place["help"])
        out += "".join(option(o) for o in command["options"])
    return out


ENVIRONMENT = """
| variable | meaning |
|---|---|
| `NO_COLOR`, `CLICOLOR_FORCE`, `FORCE_COLOR`, `TERM` | whether text has colours, where `--color` does not say |
| `FORCE_HYPERLINK` | `1`: rules link to their pages whatever the terminal; `0`: never |
| `CI` | where it is set, nothing is meant for a terminal but what is asked for |
| `SOURCE_DATE_EPOCH` | the time that reports have, and the day that dates are compared with, in seconds since 1970 |
"""

FILES = """
| file | is |
|---|---|
| `portcullis.toml` | the configuration, see portcullis.toml(5) |
| `.portcullis-baseline.json` | findings that are known already |
| `/usr/share/doc/portcullis/rules` | a page for each rule |
"""


def manual(program):
    line = json.loads(run(program, "--command-line"))
    text, _ = sections((ROOT / "docs/cli.md").read_text())
    parts = [("Name", "portcullis \\- proves what a firewall does to packets, and what is wrong with it\n"),
             ("Synopsis", "\\fBportcullis\\fR \\fIcommand\\fR [\\fIoptions\\fR] [\\fIfiles\\fR ...]\n"),
             ("Description", roff.blocks("portcullis reads the rules of iptables, nftables and Cisco devices into one form, and says what they do "
                                         "to packets. A finding comes with a packet that shows it; a claim that something cannot happen is exact, "
                                         "not sampled. What is not modelled is named.")),
             ("Commands", command_pages(line)),
             ("General options", "".join(option(o) for o in line["options"])),
             ("Exit status", roff.blocks(text["Exit codes"]))]
    parts += [(title, roff.blocks(body)) for title, body in text.items() if title not in LEFT_OUT]
    parts += [("Environment", roff.blocks(ENVIRONMENT)), ("Files", roff.blocks(FILES)),
              ("See also", "\\fBportcullis.toml\\fR(5),\n\\fBportcullis\\-rules\\fR(7),\n\\fBnft\\fR(8),\n\\fBiptables\\fR(8)\n")]
    return roff.page("portcullis", 1, DATE, "User Commands", parts)


def configuration_manual():
    text, _ = sections((ROOT / "docs/cli.md").read_text())
    parts = [("Name", "portcullis.toml \\- how portcullis judges the files below a folder\n"),
             ("Description", roff.blocks(text["portcullis.toml"])),
             ("See also", "\\fBportcullis\\fR(1),\n\\fBportcullis\\-rules\\fR(7)\n")]
    return roff.page("portcullis.toml", 5, DATE, "File Formats", parts)


def rules_manual(rules):
    body = ""
    for rule in rules:
        body += f".SS {rule['id']} {roff.escaped(rule['slug'])} ({rule['severity']})\n"
        body += roff.blocks(f"{rule['summary']}.\n\n{rule['why']}\n\nWhat to do: {rule['fix']}\n")
        if rule["requirements"]:
            body += ".PP\n" + roff.filled(roff.inline("Compliance: " + ", ".join(rule["requirements"]) + "."))
        if not rule["waivable"]:
            body += ".PP\nIt may not be waived.\n"
    parts = [("Name", "portcullis\\-rules \\- what portcullis lint finds\n"),
             ("Description", roff.blocks("Each rule has an id and a name, which `--select`, `--ignore` and waivers take, and a severity that "
                                         "portcullis.toml(5) may change. `portcullis explain PC101` has examples for each dialect as well.")),
             ("Rules", body),
             ("See also", "\\fBportcullis\\fR(1),\n\\fBportcullis.toml\\fR(5)\n")]
    return roff.page("portcullis-rules", 7, DATE, "Miscellaneous", parts)


def readme(rules):
    """README.md with its table of rules as the data has it."""
    head = "| | rule | severity | finds |\n|---|---|---|---|\n"
    rows = "".join(f"| {r['id']} | [{r['slug']}](docs/rules/{r['slug']}.md) | {r['severity']} | {r['summary']} |\n" for r in rules)
    return re.sub(re.escape(head) + r"(\|.*\n)*", lambda _: head + rows, (ROOT / "README.md").read_text())


def documents(program):
    rules = json.loads(run(program, "explain", "--format", "json"))["rules"]
    files = {f"docs/rules/{rule['slug']}.md": run(program, "explain", rule["id"], "--format", "markdown") for rule in rules}
    files["docs/rules/README.md"] = run(program, "explain", "--format", "markdown")
    files["docs/man/portcullis.1"] = manual(program)
    files["docs/man/portcullis.toml.5"] = configuration_manual()
    files["docs/man/portcullis-rules.7"] = rules_manual(rules)
    command = ["lint", "--severity", "high", "examples/web-server.rules"]
    shown = f"$ portcullis {' '.join(command)}\n\n" + in_terminal(program, 110, *command, "--isolated")
    files["docs/lint.svg"] = terminal.svg(shown, "portcullis lint in a terminal")
    files["README.md"] = readme(rules)
    return files


def main():
    check = sys.argv[1] == "--check"
    files = documents(str(pathlib.Path(sys.argv[-1]).resolve()))
    known = {str(path.relative_to(ROOT)) for folder in ("docs/rules", "docs/man") for path in (ROOT / folder).glob("*.*")}
    old = [name for name, text in files.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != text]
    gone = sorted(known - set(files))
    if check:
        for name in old + gone:
            print(f"{name} is not current: cmake --build --preset release --target docs")
        return 1 if old or gone else 0
    for name in old:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(files[name])
    for name in gone:
        (ROOT / name).unlink()
    print(f"{len(old)} of {len(files)} documents written, {len(gone)} deleted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
