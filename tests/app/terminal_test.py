"""How far long work has come is shown on a terminal, after a second, and taken away again; and nowhere else. The work is long here because
standard input comes late."""
import fcntl
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

binary = pathlib.Path(sys.argv[1]).resolve()
RULES = b"*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 23 -j ACCEPT\nCOMMIT\n"
complaints = []


def run(folder, arguments, wait, environment=None, columns=80):
    """Exit code, standard output, and what a terminal gets on standard error."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    variables = {k: v for k, v in os.environ.items() if k not in ("CI", "TERM", "NO_COLOR")} | {"TERM": "xterm"} | (environment or {})
    process = subprocess.Popen([binary, "lint", "-j1", "--isolated", "--stdin-filename", "a", *arguments], cwd=folder, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    told = bytearray()

    def read():
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:
                return
            if not data:
                return
            told.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(wait)
    out, _ = process.communicate(RULES, timeout=60)
    reader.join()
    os.close(master)
    return process.returncode, out.decode(), told.decode()


def check(what, holds):
    if not holds:
        complaints.append(what)


with tempfile.TemporaryDirectory() as folder:
    for name in "bcd":
        (pathlib.Path(folder) / name).write_bytes(RULES)
    files = ["-", "b", "c", "d"]
    code, out, told = run(folder, [*files, "-o", "json"], 1.2)
    check(f"a bar: {told!r}", code == 1 and re.fullmatch(r"(\r\[#* *\] \d of 4 files\x1b\[K)+\r\x1b\[K", told))
    check("nothing of it is in the report", "of 4 files" not in out)
    check("a bar that fits", "[" not in run(folder, files, 1.2, columns=20)[2].replace("\x1b[K", ""))
    for what, arguments, wait, environment in (
            ("quick work", files, 0, {}), ("-q", [*files, "-q"], 1.2, {}), ("CI", files, 1.2, {"CI": "true"}), ("a dumb terminal", files, 1.2, {"TERM": "dumb"}),
            ("lines", [*files, "-o", "jsonl"], 1.2, {})):
        told = run(folder, arguments, wait, environment)[2]
        check(f"{what}: {told!r}", told == "")
for complaint in complaints:
    print(complaint)
sys.exit(bool(complaints))
