"""Kills the program at random moments while it writes files: each file has to be the old one or the new one, whole, and nothing may
be left beside them but files that are called as docs/reliability.md says.
    kill_test.py PROGRAM ROOT [KILLS]"""
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

binary, root = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
kills = int(sys.argv[3]) if len(sys.argv) > 3 else 40
random.seed(int(os.environ.get("PORTCULLIS_SEED", time.time_ns())))
leftover = re.compile(r"\.portcullis-[a-z0-5]{8}")
complaints = []

rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + "".join(
    f"-A INPUT -s 192.0.2.{i} -p tcp --dport 23 -j ACCEPT\n" * 2 for i in range(30)) + "COMMIT\n"
nft = "table ip t {\n chain c { type filter hook input priority 0; policy drop\n" + "".join(f" tcp dport {{{i},{i + 2}}} accept\n" for i in range(1, 300)) + " }\n}\n"


def policy(folder, version):
    text = (root / "rules/policies/server.toml").read_text()
    (folder / "policy.toml").write_text(text + f"\n# {version}\n" * 500)


class Case:
    """A command, the files that it writes, and what they are before and after."""

    def __init__(self, arguments, files, setup):
        self.arguments, self.files, self.setup = arguments, files, setup

    def prepare(self, folder):
        self.setup(folder)
        self.before = self.state(folder)
        copy = folder.with_name(folder.name + ".whole")
        shutil.copytree(folder, copy, symlinks=True)
        begin = time.monotonic()
        run = subprocess.run([binary, *self.arguments], cwd=copy, capture_output=True, timeout=120)
        self.took = time.monotonic() - begin
        assert run.returncode in (0, 1), run
        self.after = self.state(copy)
        assert self.after != self.before, self.arguments
        self.names = {p.name for p in copy.iterdir()} | {p.name for p in folder.iterdir()}
        shutil.rmtree(copy)

    def state(self, folder):
        def one(path):
            return (path.read_bytes(), path.stat().st_mode) if path.exists() else None
        return [one(folder / name) for name in self.files]

    def check(self, folder, what):
        for name, now, before, after in zip(self.files, self.state(folder), self.before, self.after):
            if now != before and now != after:
                complaints.append(f"{what}: {name} is torn: {now[0][:80] if now else 'gone'}")
        for path in folder.iterdir():
            if path.name not in self.names and not leftover.fullmatch(path.name):
                complaints.append(f"{what}: {path.name} is left")


def old_folder(folder):
    """What generate wrote for another policy."""
    policy(folder, "old")
    subprocess.run([binary, "generate", "policy.toml", "--to", "nftables", "--out-dir", "out"], cwd=folder, check=True, capture_output=True)
    for name in ("ruleset.nft", "apply-nftables.sh"):
        (folder / "out" / name).write_text((folder / "out" / name).read_text() + "# old\n")
    policy(folder, "new")


def baseline(folder):
    (folder / "fw.rules").write_text(rules)
    (folder / ".portcullis-baseline.json").write_text('{"schema_version": "1.0", "findings": [\n]}\n')


cases = [
    Case(["lint", "--fix", "--isolated", "fw.rules"], ["fw.rules"], lambda folder: (folder / "fw.rules").write_text(rules)),
    Case(["fmt", "--isolated", "fw.nft"], ["fw.nft"], lambda folder: (folder / "fw.nft").write_text(nft)),
    Case(["harden", "--write", "--isolated", "--keep", "from 192.0.2.1 to self telnet", "fw.rules"], ["fw.rules"], lambda folder: (folder / "fw.rules").write_text(rules)),
    Case(["baseline", "create", "--force", "--isolated", "fw.rules"], [".portcullis-baseline.json"], baseline),
    Case(["generate", "policy.toml", "--to", "nftables", "--out-dir", "out"], ["out/ruleset.nft", "out/apply-nftables.sh"], old_folder),
]


def kill_at(case, folder, seconds):
    """Whether the program was still running."""
    process = subprocess.Popen([binary, *case.arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        process.wait()
        return True


def kill_at_calls(case, fresh):
    """At each call of the system with which files are written; strace does it, where it is there and may."""
    for call in ("openat", "write", "fchown", "fchmod", "fsync", "rename"):
        for count in range(1, 60):
            folder = fresh()
            run = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={count}", binary, *case.arguments],
                                 cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
            case.check(folder, f"{case.arguments[0]}, killed at {call} {count}")
            if run.returncode != -signal.SIGKILL and run.returncode != 128 + signal.SIGKILL:
                break
            yield call


with tempfile.TemporaryDirectory() as name:
    number = killed = at_calls = changed = 0
    can_trace = shutil.which("strace") and subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
    for case in cases:
        model = pathlib.Path(name) / "model"
        (model / ".git").mkdir(parents=True)
        case.prepare(model)

        def fresh():
            global number
            number += 1
            copy = pathlib.Path(name) / str(number)
            shutil.copytree(model, copy)
            return copy
        done = 0
        while done < kills // len(cases):
            # Most of the time goes into proofs; half of the kills are in the last part, where files are written.
            begin = random.choice([0, 0.7])
            folder = fresh()
            if kill_at(case, folder, case.took * random.uniform(begin, 1.1)):
                done += 1
            case.check(folder, " ".join(case.arguments))
            changed += case.state(folder) != case.before
            shutil.rmtree(folder)
        killed += done
        if can_trace and kills >= 100:
            at_calls += sum(1 for _ in kill_at_calls(case, fresh))
        shutil.rmtree(model)
        if kills >= 100:
            print(f"{' '.join(case.arguments)}: {done} kills, a run takes {case.took:.2f} s", flush=True)
for complaint in complaints[:20]:
    print(complaint)
print(f"{killed} kills at random moments, {at_calls} at calls of the system; {changed} of {number} runs had put the new files in place; {len(complaints)} complaints")
sys.exit(bool(complaints))
