"""Runs the main commands where the kernel ends a program at its first call about sockets: none of them opens one."""
import ctypes
import os
import pathlib
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

binary, root = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
# The numbers of socket, socketpair, bind, listen, accept, connect, sendto, recvfrom, sendmsg, recvmsg, accept4, sendmmsg and io_uring_setup.
calls = {"x86_64": (0xC000003E, [41, 53, 49, 50, 43, 42, 44, 45, 46, 47, 288, 307, 425]),
         "aarch64": (0xC00000B7, [198, 199, 200, 201, 202, 203, 206, 207, 211, 212, 242, 269, 425])}


def forbid_sockets():
    """A filter of seccomp: load the architecture, then the number of the call, and compare (linux/filter.h, linux/seccomp.h)."""
    architecture, numbers = calls[platform.machine()]
    load, equal, end, kill, allow = 0x20, 0x15, 0x06, 0x80000000, 0x7FFF0000
    program = [(load, 0, 0, 4), (equal, 1, 0, architecture), (end, 0, 0, kill), (load, 0, 0, 0)]
    program += [(equal, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    program += [(end, 0, 0, allow), (end, 0, 0, kill)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in program))
    whole = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, whole, 0, 0):  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
        raise OSError(ctypes.get_errno(), "seccomp")


def run(arguments, cwd=None):
    return subprocess.run(arguments, cwd=cwd, capture_output=True, stdin=subprocess.DEVNULL, timeout=300, preexec_fn=forbid_sockets)


if platform.machine() not in calls:
    print(f"skipped: the numbers of calls on {platform.machine()} are not known here")
    sys.exit(0)
proof = run([sys.executable, "-c", "import socket; socket.socket()"])
assert proof.returncode == -signal.SIGSYS, f"the filter does not hold: {proof}"

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    shutil.copytree(root / "tests/fixtures", folder / "fixtures")
    shutil.copytree(root / "examples", folder / "examples")
    (folder / ".git").mkdir()
    files = sorted(str(p.relative_to(folder)) for p in folder.glob("fixtures/*/*/input.*"))
    assert len(files) > 30, files
    one = {kind: next(f for f in files if f.startswith(f"fixtures/{kind}/")) for kind in ("iptables", "nftables", "cisco-ios")}
    tests = folder / "tests.toml"
    tests.write_text(f'files = ["{one["iptables"]}"]\n[[test]]\nname = "x"\nmust_block = "from any to self telnet"\n')
    formats = ["json", "sarif", "junit", "checkstyle", "gitlab", "github", "rdjson", "csv", "markdown", "html", "jsonl", "concise"]
    commands = [["lint", "examples", *files, *(f"-o{f}=report.{f}" for f in formats)], ["audit", "--matrix", "telnet", "examples", *files, "-osvg=m.svg", "-ojson"],
                ["trace", one["iptables"], "--packet", "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:22"], ["query", one["nftables"], "allowed from any to self"],
                ["test", "tests.toml"], ["diff", one["iptables"], one["nftables"]], ["init", "-o", "policy.toml"],
                ["generate", "policy.toml", "--to", "nftables", "--out-dir", "out"], ["verify", "out/ruleset.nft", "--policy", "policy.toml"],
                ["convert", one["iptables"], "--to", "nftables", "--allow-loss"], ["harden", "examples/web-server.rules", "--write", "--keep", "from 198.51.100.0/24 to self ssh"],
                ["lint", "--fix", "fixtures/iptables", "fixtures/nftables"], ["fmt", "fixtures/nftables"], ["baseline", "create", "examples"], ["baseline", "show"],
                ["config", "show"], ["config", "schema"], ["completions", "bash"], ["lsp"], ["explain"], ["explain", "PC101"], ["catalogue"], ["catalogue", "telnet"], ["version"], ["--help"]]
    wrong = []
    for command in commands:
        result = run([binary, *command], folder)
        if result.returncode not in (0, 1, 2, 3):
            wrong.append(f"{command}: {result.returncode}: {result.stderr[:300]}")
        elif result.returncode == 2:
            wrong.append(f"{command} is not called as it should be: {result.stderr[:300]}")
for line in wrong:
    print(line)
print(f"{len(commands)} commands, {len(wrong)} complaints")
sys.exit(bool(wrong))
