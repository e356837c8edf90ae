"""Asks the shells themselves what they complete with the program's scripts. A shell that is not installed is left out, by name."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

binary = str(pathlib.Path(sys.argv[1]).resolve())
folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-completions-"))
environment = {"PATH": f"{pathlib.Path(binary).parent}:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8", "TERM": "xterm"}
(folder / "fw.rules").write_text("*filter\nCOMMIT\n")
(folder / "a folder").mkdir()

# What stands on the line, and some of what has to be offered; "-" before a word: what must not be.
cases = [
    ("portcullis ", ["lint", "completions", "harden"]),
    ("portcullis li", ["lint", "-audit"]),
    ("portcullis lint --col", ["--color"]),
    ("portcullis lint --color ", ["auto", "always", "never", "-lint"]),
    ("portcullis lint --fail-on h", ["high", "-never"]),
    ("portcullis lint -o sa", ["sarif", "-text"]),
    ("portcullis audit -o s", ["sarif", "svg"]),
    ("portcullis lint --dialect cisco-x", ["cisco-xr", "-iptables"]),
    ("portcullis lint --select telnet", ["telnet-exposed", "-ftp-exposed"]),
    ("portcullis lint --select PC101,ftp", ["PC101,ftp-exposed"]),
    ("portcullis lint --ignore pci", ["pci-dss"]),
    ("portcullis lint fw", ["fw.rules"]),
    ("portcullis explain PC11", ["PC110", "PC119", "-PC120"]),
    ("portcullis catalogue tel", ["telnet"]),
    ("portcullis audit --matrix ss", ["ssh"]),
    ("portcullis generate --to cisco-", ["cisco-asa", "cisco-nxos"]),
    ("portcullis init pc", ["pci-dss"]),
    ("portcullis baseline pr", ["prune"]),
    ("portcullis completions z", ["zsh"]),
    ("portcullis query fw.rules --expect d", ["denied"]),
]


def script(shell):
    return subprocess.run([binary, "completions", shell], stdout=subprocess.PIPE, check=True).stdout.decode()


def run(command, text):
    done = subprocess.run(command, input=text.encode(), cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.stdout.decode(errors="replace")


def ask_bash():
    words = "\n".join(
        "COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _portcullis; printf '%s ' \"${{COMPREPLY[@]}}\"; echo".format(
            re.sub(r"=", " = ", line) if not line.endswith(" ") else line + "''")
        for line, _ in cases)
    return run(["bash", "--norc", "--noprofile"], script("bash") + words).split("\n")


def ask_fish():
    (folder / "completions.fish").write_text(script("fish"))
    words = "source completions.fish\n" + "\n".join(f"complete -C '{line}' | cut -f1 | tr '\\n' ' '; echo" for line, _ in cases)
    return run(["fish", "--no-config"], words).split("\n")


def ask_zsh():
    """Its completions exist at a prompt only: one is typed at, in a terminal of ours."""
    (folder / "_portcullis").write_text(script("zsh"))
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(shutil.which("zsh"), ["zsh", "-f", "-i"], environment)

    def read_until(mark, seconds=20):
        text, end = "", time.monotonic() + seconds
        while mark not in text and time.monotonic() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                text += os.read(terminal, 65536).decode(errors="replace")
        return text

    def read_all(quiet=0.25, seconds=20):
        """What comes until nothing does for a while."""
        text, end = "", time.monotonic() + seconds
        while time.monotonic() < end and (select.select([terminal], [], [], quiet)[0] or not text):
            text += os.read(terminal, 65536).decode(errors="replace")
        return text

    def send(text):
        os.write(terminal, text.encode())

    send("PS1='rea''dy> '; stty cols 400 rows 400; fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; "
         "zstyle ':completion:*' list-prompt ''; LISTMAX=10000; setopt no_list_ambiguous no_beep; unsetopt zle_bracketed_paste\n")
    read_until("ready> ")
    answers = []
    for line, _ in cases:
        send(line + "\t")
        shown = read_all()
        send("\x15\n")
        read_until("ready> ")
        answers.append(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]", " ", shown))
    send("exit\n")
    os.close(terminal)
    os.waitpid(child, 0)
    return answers


failed = False
try:
    for shell, ask in (("bash", ask_bash), ("zsh", ask_zsh), ("fish", ask_fish)):
        if shutil.which(shell) is None:
            print(f"{shell} is not installed: its completions are not asked")
            continue
        answers = ask()
        for (line, expected), answer in zip(cases, answers):
            said = answer.replace(line, " ") if shell != "zsh" else answer
            for word in expected:
                unwanted = re.fullmatch(r"-[a-z].*|-P.*", word) is not None
                there = re.search(rf"(?<![\w-]){re.escape(word[unwanted:])}(?![\w-])", said) is not None
                if there == unwanted and not (unwanted and word[1:] in line.split()):
                    failed = True
                    print(f"{shell}: {line!r} offers {answer.strip()[:300]!r}, and {word}?")
        if len(answers) < len(cases):
            failed = True
            print(f"{shell} says {answers}")
finally:
    shutil.rmtree(folder)
sys.exit(failed)
