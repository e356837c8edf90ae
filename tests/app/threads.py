"""What lint and audit say does not depend on the number of threads: files side by side, and of one large file its chains and rules. With a
program that was built by the preset tsan, each run also ends with an error where two threads are at one place at once."""
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

binary, root = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
# ThreadSanitizer of GCC 12 has places in memory of its own, where newer kernels may put others.
program = ["setarch", platform.machine(), "-R", binary] if "tsan" in str(binary) else [binary]
rules = 150 if "tsan" in str(binary) else 500
complaints = []


def run(arguments, cwd):
    result = subprocess.run([*program, *arguments], cwd=cwd, capture_output=True, timeout=600, env=os.environ | {"TSAN_OPTIONS": "exitcode=66 halt_on_error=1"})
    if result.returncode not in (0, 1, 3) or b"ThreadSanitizer" in result.stderr:
        complaints.append(f"{arguments}: {result.returncode}: {result.stderr[:3000].decode(errors='replace')}")
    return result.returncode, result.stdout


def large(step):
    """Rules that hide, meet and repeat each other, in several chains, so that all ways of proving are taken."""
    lines = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]", *(f":c{c} - [0:0]" for c in range(8)), *(f"-A INPUT -i eth{c} -j c{c}" for c in range(8))]
    for i in range(rules):
        k = i * step % 65521
        lines.append(f"-A c{i % 8} -s 10.{k % 199}.{k // 256}.{k % 4 * 64}/{18 + k % 14} -p {('tcp', 'udp')[k % 2]} --dport {k % 5000}:{k % 5000 + k % 900} -j {('ACCEPT', 'DROP', 'RETURN')[k % 3]}")
    return "\n".join([*lines, "COMMIT", ""])


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / ".git").mkdir()
    (folder / "large.rules").write_text(large(7919))
    (folder / "other.rules").write_text(large(104729))
    fixtures = sorted(str(p) for p in (root / "tests/fixtures").glob("*/*/input.*"))
    assert len(fixtures) > 30, fixtures
    for command in ("lint", "audit"):
        for inputs in (["large.rules"], ["large.rules", "other.rules"], fixtures[::8] if "tsan" in str(binary) else fixtures[::3]):
            if command == "audit" and "large.rules" in inputs:
                continue  # its sets of packets take long, and one thread makes them
            arguments = [command, "--isolated", "-o", "json", *inputs]
            alone = run([*arguments, "-j1"], folder)
            for jobs in ("-j4",) if "tsan" in str(binary) else ("-j4", "-j16"):
                if run([*arguments, jobs], folder) != alone:
                    complaints.append(f"{command} of {len(inputs)} files says something else with {jobs}")
for complaint in complaints[:10]:
    print(complaint)
print(f"{len(complaints)} complaints")
sys.exit(bool(complaints))
