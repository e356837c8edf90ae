"""Hands the program what no firewall is: devices, pipes, files that vanish, may not be read, are huge, endless or in other encodings; and
full disks to write to. Each has to end with a sentence and the right exit code, in time and in bounded memory."""
import fcntl
import os
import pathlib
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import threading
import time

binary, root = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
complaints, skipped, calls = [], [], 0
sanitized = "asan" in str(binary) or "tsan" in str(binary)
megabyte = 1 << 20
rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n-A INPUT -p tcp --dport 22 -s 192.0.2.0/24 -j ACCEPT\nCOMMIT\n"
telnet = rules.replace("--dport 22 -s 192.0.2.0/24", "--dport 23")
bold = "table ip t { chain c { type filter hook input priority 0; policy drop; tcp dport {22,80} accept\n} }\n"


def call(arguments, code, says=None, cwd=None, input=None, memory=2500, seconds=60, before=None, **streams):
    """Runs the program: exit code, what standard error or the report says, time and memory."""
    global calls
    calls += 1
    name = " ".join(map(ascii, arguments))
    limit = None if sanitized else memory * megabyte

    def prepare():
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        if before:
            before()
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    if input is not None:
        streams["input"] = input
    elif "stdin" not in streams:
        streams["stdin"] = subprocess.DEVNULL
    try:
        run = subprocess.run([binary, *arguments], cwd=cwd, timeout=seconds, preexec_fn=prepare, **streams)
    except subprocess.TimeoutExpired:
        complaints.append(f"{name}: hangs")
        return None
    said = (run.stdout or b"") + (run.stderr or b"")
    wanted = code if isinstance(code, tuple) else (code,)
    if run.returncode not in wanted:
        complaints.append(f"{name}: exit code {run.returncode}, expected {code}: {said[:300]}")
    if says and says.encode() not in said:
        complaints.append(f"{name}: does not say '{says}': {said[:300]}")
    return run


def as_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def kinds_of_files(folder):
    call(["lint", "none.rules"], 3, "cannot read none.rules: No such file or directory", folder)
    (folder / "dir").mkdir()
    call(["lint", "--config", "dir", "none.rules"], 2, "dir is a directory", folder)
    for device in ("/dev/zero", "/dev/full", "/dev/null", "/dev/random"):
        call(["lint", device], 3, f"{device} is no regular file", folder)
    call(["lint", "-"], 3, "binary file", folder, stdin=open("/dev/zero", "rb"))
    call(["lint", "-"], 3, "not recognised", folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        call(["lint", "socket"], 3, "socket is no regular file", folder)
    os.mkfifo(folder / "pipe")
    call(["lint", "pipe"], 3, "pipe is a pipe that nobody writes to", folder, seconds=20)
    call(["lint", "--config", "pipe", "pipe"], 2, "pipe is a pipe that nobody writes to", folder, seconds=20)
    # Somebody holds it open until what they wrote has been read.
    writer = os.open(folder / "pipe", os.O_RDWR)
    os.write(writer, telnet.encode())

    def close_when_read():
        while fcntl.ioctl(writer, termios.FIONREAD, b"\0" * 4) != b"\0" * 4:
            time.sleep(0.01)
        os.close(writer)
    thread = threading.Thread(target=close_when_read, daemon=True)
    thread.start()
    call(["lint", "pipe"], 1, "PC101", folder)
    # As in `portcullis lint <(command)`.
    command = subprocess.run(["bash", "-c", f'"{binary}" lint <(sleep 0.2; printf "%s" "$RULES")'], cwd=folder, env={"RULES": telnet}, capture_output=True, timeout=60)
    if command.returncode != 1 or b"PC101" not in command.stdout:
        complaints.append(f"<(…): {command}")
    # What stands where a configuration, sets or a .gitignore would stand is not passed over.
    asks = rules.replace("-s 192.0.2.0/24", "-m set --match-set blocked src")
    for name, code in (("portcullis.toml", 2), ("ipsets", 3), ("own.ipset", 3), (".gitignore", 3)):
        where = folder / "special" / name
        where.parent.mkdir()
        (where.parent / "fw.rules").write_text(asks)
        for make, says in ((lambda: where.symlink_to("none"), "is a link that leads nowhere"), (lambda: where.symlink_to(name), "is a link that leads nowhere"), (lambda: os.mkfifo(where), "is no regular file"),
                           (where.mkdir, "is a directory"), (lambda: where.write_bytes(b"a\0b\n"), "is a binary file")):
            make()
            call(["lint", "special"], code, f"{name} {says}", folder, seconds=20)
            shutil.rmtree(where) if where.is_dir() else where.unlink()
        shutil.rmtree(where.parent)
    # None of it is looked at in a directory, where nobody named it.
    call(["lint", "."], 2, "no file in the directory", folder)


def links(folder):
    outside, inside = folder / "outside", folder / "inside"
    outside.mkdir(), (inside / "deep").mkdir(parents=True)
    (outside / "secret.rules").write_text(telnet)
    (inside / "own.rules").write_text(rules)
    (inside / "again.rules").symlink_to("own.rules")
    (inside / "broken.nft").symlink_to("none")
    (inside / "loop.nft").symlink_to("loop.nft")
    (inside / "deep" / "up").symlink_to("..")
    call(["lint", "inside"], 3, "inside/broken.nft is a link that leads nowhere", folder)
    call(["lint", "inside"], 3, "inside/loop.nft is a link that leads nowhere", folder)
    (inside / "broken.nft").rename(inside / "broken")
    (inside / "loop.nft").unlink()
    call(["lint", "inside"], 0, "in 2 files", folder)
    call(["lint", "inside"], 0, "skipped 1 file that is no firewall configuration", folder)
    (inside / "link.rules").symlink_to("../outside/secret.rules")
    run = call(["lint", "inside"], 3, "a link that leads outside inside; name the file itself", folder)
    if b"dport 23" in run.stdout:
        complaints.append("what a link leads to is shown")
    call(["lint", "inside/link.rules"], 1, "PC101", folder)
    (inside / "link.rules").unlink()
    (inside / "ipsets").symlink_to("../outside/secret.rules")
    (inside / "own.rules").write_text(rules.replace("-s 192.0.2.0/24", "-m set --match-set blocked src"))
    run = call(["lint", "inside/own.rules"], 3, "a link that leads outside", folder)
    if b"dport 23" in run.stdout:
        complaints.append("what a link leads to is shown")
    # Includes of nft stay inside, and end.
    (outside / "secret.nft").write_text("table ip secret { }\n")
    (inside / "link.nft").symlink_to("../outside/secret.nft")
    for pattern, says in (("../outside/secret.nft", "is outside"), ("link.nft", "is outside"), ("/etc/passwd", "is outside"), ("main.nft", "includes itself"),
                          ("/*/*/*/*/*/*/*/*", "the pattern asks about more than 100000 files"), ("deep/up/" * 30 + "*.nft", "is outside"), ("none.nft", "no such file"),
                          ("*/" * 1500 + "*.nft", "the pattern has more than 128 parts"), ("*/" * 3000 + "*.nft", "the pattern is longer than 4095 bytes")):
        (inside / "main.nft").write_text(f'include "{pattern}"\ntable ip t {{ }}\n')
        call(["lint", "--isolated", "inside/main.nft"], 3, says, folder)
    for i in range(4):
        (inside / "deep" / f"l{i}").symlink_to(".")
    (inside / "main.nft").write_text('include "deep/' + "*/" * 24 + '*.nft"\ntable ip t { }\n')
    call(["lint", "--isolated", "inside/main.nft"], 3, "the pattern asks about more than 100000 files", folder)
    for i in range(30):
        (inside / f"chain{i}.nft").write_text(f'include "chain{i + 1}.nft"\ntable ip t {{ }}\n')
    call(["lint", "--isolated", "inside/chain0.nft"], 3, "nested more than 16 deep", folder)


def not_to_be_read(folder):
    if os.geteuid() != 0:
        skipped.append("unreadable files, which takes root to test")
        return
    (folder / "mine.rules").write_text(telnet)
    (folder / "sub").mkdir()
    (folder / "sub" / "own.rules").write_text(rules)
    folder.chmod(0o755)
    (folder / "mine.rules").chmod(0o600)
    call(["lint", "--isolated", "mine.rules"], 3, "cannot read mine.rules: Permission denied", folder, before=as_nobody)
    call(["lint", "--isolated", "."], 3, "Permission denied", folder, before=as_nobody)
    (folder / "mine.rules").chmod(0o644)
    (folder / "sub").chmod(0o700)
    call(["lint", "--isolated", "."], 3, "sub cannot be searched", folder, before=as_nobody)
    # Nobody knows what an include of it would have.
    (folder / "main.nft").write_text('include "sub/*.nft"\ntable ip t { }\n')
    call(["lint", "--isolated", "main.nft"], 3, "cannot search sub", folder, before=as_nobody)
    (folder / "main.nft").write_text('include "*/*.nft"\ntable ip t { }\n')
    call(["lint", "--isolated", "main.nft"], 3, "cannot search", folder, before=as_nobody)
    (folder / "main.nft").write_text('include "*/own.rules"\ntable ip t { }\n')
    call(["lint", "--isolated", "main.nft"], 3, "cannot search", folder, before=as_nobody)
    (folder / "main.nft").write_text('include "none/*.nft"\ntable ip t { }\n')
    call(["lint", "--isolated", "main.nft"], 0, None, folder, before=as_nobody)
    (folder / "main.nft").unlink()
    # What may not be written is not replaced, though the folder may be.
    folder.chmod(0o777)
    (folder / "fixed.nft").write_text(bold)
    os.chown(folder / "fixed.nft", 65534, 65534)
    (folder / "fixed.nft").chmod(0o444)
    call(["fmt", "--isolated", "fixed.nft"], 4, "cannot write fixed.nft: Permission denied", folder, before=as_nobody)
    if (folder / "fixed.nft").read_text() != bold:
        complaints.append("a file that may not be written was replaced")


def vanishing(folder):
    """Files come and go while a directory is looked at."""
    for i in range(60):
        (folder / f"{i}.rules").write_text(rules)
    stop = threading.Event()

    def stir():
        while not stop.is_set():
            for i in range(0, 60, 2):
                (folder / f"{i}.rules").unlink(missing_ok=True)
            for i in range(0, 60, 2):
                (folder / f"{i}.rules").write_text(rules)
    thread = threading.Thread(target=stir)
    thread.start()
    for _ in range(4):
        call(["lint", "--isolated", "."], (0, 3), None, folder)
    stop.set()
    thread.join()


def encodings(folder):
    for name, text, code, says in (
            ("utf16le", b"\xff\xfe" + telnet.encode("utf-16-le"), 3, "is UTF-16; convert it to UTF-8 first"),
            ("utf16be", b"\xfe\xff" + telnet.encode("utf-16-be"), 3, "is UTF-16"),
            ("utf16", telnet.encode("utf-16-le"), 3, "is a binary file: it has NUL bytes"),
            ("utf32", b"\xff\xfe\0\0" + telnet.encode("utf-32-le"), 3, "is UTF-32"),
            ("utf32be", b"\0\0\xfe\xff" + telnet.encode("utf-32-be"), 3, "is UTF-32"),
            ("latin1", telnet.replace("-j ACCEPT", '-m comment --comment "B\xfcro" -j ACCEPT').encode("latin-1"), 1, "B\\xfcro"),
            ("crlf", telnet.replace("\n", "\r\n").encode(), 1, "PC101"),
            ("bom", b"\xef\xbb\xbf" + telnet.encode(), 1, "PC101"),
            ("nul", telnet.replace("tcp", "t\0cp").encode(), 3, "is a binary file: it has NUL bytes"),
            ("late_nul", telnet.encode() * 20000 + b"\0", 3, "is a binary file: it has NUL bytes"),
            ("controls", telnet.replace("tcp", "tcp\x01\x1b[2J").encode(), 3, "\\x1b[2J"),
            ("empty", b"", 3, "not recognised"),
            ("blank", b" \n" * 1000, 3, "not recognised"),
            ("cr", telnet.replace("\n", "\r").encode(), (1, 3), None)):
        (folder / name).write_bytes(text)
        call(["lint", "--isolated", name], code, says, folder)


def sizes(folder):
    big = folder / "big"
    with open(big, "wb") as file:
        file.truncate(600 * megabyte)
    call(["lint", "big"], 3, "big is larger than 512 MiB", folder)
    big.unlink()
    yes = subprocess.Popen(["yes", "--", "-A INPUT -j ACCEPT"], stdout=subprocess.PIPE)
    call(["lint", "-"], 3, "is larger than 512 MiB", folder, stdin=yes.stdout)
    yes.stdout.close()
    yes.wait()
    size = int(os.environ.get("PORTCULLIS_LINE_MB", 1 if sanitized else 4))
    for name, line in (("blanks", b" "), ("letters", b"a"), ("open", b"{"), ("words", b"a "), ("commas", b"1,"), ("quotes", b'"'), ("binary", b"\xff")):
        for head in (b"*filter\n:INPUT DROP [0:0]\n-A INPUT ", b"table ip t { chain c { ", b"hostname x\nip access-list extended a\n permit ", b"#!/bin/sh\niptables -A INPUT ",
                     b'{"nftables": ['):
            (folder / "line").write_bytes(head + line * (size * megabyte // len(line)) + b"\n")
            call(["lint", "--isolated", "line"], (0, 1, 3), None, folder, memory=2500 + 60 * size, seconds=120)


def time_limits(folder):
    """What is not done in time is said to be so, also where an input never comes."""
    (folder / "fw.rules").write_text(rules)
    blocks = "".join(f"-A INPUT -s 10.{i % 250}.{i // 250}.0/{20 + i % 9} -p tcp --dport {i % 60000}:{i % 60000 + 500} -j {('DROP', 'ACCEPT')[i % 2]}\n" for i in range(20000))
    (folder / "large.rules").write_text(rules.replace("COMMIT", blocks + "COMMIT"))
    call(["lint", "fw.rules", "--timeout", "30"], 0, None, folder)
    for arguments in (["lint", "large.rules"], ["audit", "large.rules"], ["lint", "-j4", "large.rules", "fw.rules"], ["query", "large.rules", "allowed from any to self"],
                      ["diff", "large.rules", "fw.rules"], ["baseline", "create", "large.rules"]):
        begin = time.monotonic()
        call([*arguments, "--timeout", "0.3"], 3, None, folder)
        if time.monotonic() - begin > 30:
            complaints.append(f"{arguments}: {time.monotonic() - begin:.1f} s of 0.3 s")
    silent, end = os.pipe()
    call(["lint", "-", "--timeout", "0.3"], 3, "has no end within the time that it may take", folder, seconds=20, stdin=silent)
    os.close(end), os.close(silent)
    for wrong in ("0", "-1", "soon", "nan", "-nan"):
        call(["lint", "fw.rules", "--timeout", wrong], 2, "--timeout", folder)


def full_disks(folder):
    (folder / "fw.rules").write_text(telnet)
    (folder / "fw.nft").write_text(bold)
    shutil.copy(root / "rules/policies/server.toml", folder / "policy.toml")
    stdout = "cannot write to standard output: No space left on device"
    for arguments in (["lint", "fw.rules"], ["audit", "fw.rules"], ["fmt", "-"], ["init"], ["harden", "fw.rules"], ["generate", "policy.toml", "--to", "nftables"],
                      ["convert", "fw.rules", "--to", "nftables"], ["diff", "fw.rules", "fw.nft"], ["query", "fw.rules", "allowed from any to self"], ["explain"]):
        call(arguments, 4, stdout, folder, stdout=open("/dev/full", "wb"), stdin=open(folder / "fw.nft"))
    call(["lint", "fw.rules", "-o", "json=/dev/full"], 4, "cannot write /dev/full: No space left on device", folder)
    # One report that cannot be written keeps none of the others back.
    call(["lint", "fw.rules", "-o", "json=/dev/full", "-o", "sarif=out.sarif", "-o", "text"], 4, "PC101", folder)
    if not (folder / "out.sarif").exists():
        complaints.append("a report is missing because another could not be written")
    # Where nothing can be told, reports are written all the same.
    for arguments in (["lint", "none.rules", "fw.rules", "-v"], ["lint", "fw.rules", "-v"]):
        call(arguments, 4, "PC101", folder, stderr=open("/dev/full", "wb"))
    call(["convert", "fw.rules", "--to", "nftables", "-o", "converted.nft"], 4, None, folder, stderr=open("/dev/full", "wb"))
    if not (folder / "converted.nft").exists():
        complaints.append("rules are missing because nobody could be told of them")
    for arguments in (["--bogus"], ["lint"], ["nothing"], ["trace", "fw.rules", "--packet", "x"], ["baseline", "show"], ["fmt", "none.rules"], ["verify", "fw.rules", "--policy", "none"]):
        call(arguments, 4, None, folder, stderr=open("/dev/full", "wb"))
    ours, its = os.pipe()
    os.close(ours)
    call(["lint", "none.rules", "fw.rules", "-v"], 4, "PC101", folder, stderr=its)
    os.close(its)
    # Standard streams that are closed.
    call(["lint", "fw.rules"], 4, "cannot write to standard output: Bad file descriptor", folder, before=lambda: os.close(1))
    call(["lint", "fw.rules", "-o", "json=closed.json"], 1, None, folder, before=lambda: (os.close(0), os.close(1), os.close(2)))
    if not (folder / "closed.json").read_text().endswith("}\n"):
        complaints.append("a report has become a standard stream")
    head = subprocess.run(["bash", "-c", f'"{binary}" lint fw.rules fw.rules -o json | exit 0; echo "${{PIPESTATUS[0]}}"'], cwd=folder, capture_output=True)
    if head.stdout not in (b"4\n", b"1\n"):  # written before the reader went away
        complaints.append(f"a closed pipe: {head}")
    (folder / "many").mkdir()
    for i in range(60):
        (folder / "many" / f"{i}.rules").write_text(telnet)
    head = subprocess.run(["bash", "-c", f'"{binary}" lint many | head -1 > /dev/null; echo "${{PIPESTATUS[0]}}"'], cwd=folder, capture_output=True)
    if head.stdout != b"4\n" or b"Broken pipe" not in head.stderr:
        complaints.append(f"lint … | head -1: {head}")
    mount(folder)


def mount(folder):
    """A file system that is full: what was there is there, and nothing else."""
    small = folder / "small"
    small.mkdir()
    script = f"""set -e
mount -t tmpfs -o size=64k tmpfs "{small}"
cp fw.rules fw.nft "{small}"
{{ cat fw.nft; echo 'table ip u {{ set s {{ type ipv4_addr; elements = {{ '; seq -f '192.0.2.%g,' 1 250; echo '192.0.2.0 }} }} }}'; }} > "{small}/large.nft"
cp "{small}/large.nft" large.before
dd if=/dev/zero of="{small}/filler" bs=1k count=64 2> /dev/null || true
cd "{small}"
for call in "fmt fw.nft large.nft" "lint --isolated fw.rules -o json=report.json" "baseline create --isolated fw.rules" "init -o new.toml" "generate {folder}/policy.toml --to nftables --out-dir ."; do
    code=0; "{binary}" $call > /dev/null 2> "{folder}/said" || code=$?
    grep -q 'No space left on device' "{folder}/said" && [ $code = 4 ] || {{ echo "$call: $code"; cat "{folder}/said"; }}
done
cmp fw.nft "{folder}/fw.nft"; cmp large.nft "{folder}/large.before"
ls -A | grep -vxE 'filler|fw.nft|fw.rules|large.nft' || true
"""
    run = subprocess.run(["unshare", "-m", "bash", "-c", script], cwd=folder, capture_output=True, text=True)
    if "unshare failed" in run.stderr or "mount:" in run.stderr:
        skipped.append("a small file system, which this user may not mount")
    elif run.returncode or run.stdout or run.stderr:
        complaints.append(f"a full file system: {run}")


for part in (kinds_of_files, links, not_to_be_read, vanishing, encodings, sizes, time_limits, full_disks):
    with tempfile.TemporaryDirectory() as name:
        begin = time.monotonic()
        folder = pathlib.Path(name)
        (folder / ".git").mkdir()
        part(folder)
        if os.environ.get("PORTCULLIS_SHOW"):
            print(f"{part.__name__}: {time.monotonic() - begin:.1f} s")
for complaint in complaints:
    print(complaint)
for what in skipped:
    print(f"skipped: {what}")
print(f"{calls} calls, {len(complaints)} complaints")
sys.exit(bool(complaints))
