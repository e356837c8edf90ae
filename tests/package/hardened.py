"""The binary has the protections of cmake/hardening.cmake, as its own headers and names say (readelf)."""
import re
import shutil
import subprocess
import sys

binary = sys.argv[1]
if not shutil.which("readelf"):
    print("skipped: there is no readelf")
    sys.exit(0)


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, binary], capture_output=True, text=True, check=True).stdout


head, segments, dynamic, names, notes = readelf("-h"), readelf("-l"), readelf("-d"), readelf("--dyn-syms"), readelf("-n")
stack = re.search(r"GNU_STACK(?:\s+0x\w+){5}\s+(\S+)", segments)
checks = {
    "a position independent executable": re.search(r"Type:\s+DYN", head) and re.search(r"FLAGS_1.*\bPIE\b", dynamic),
    "tables that are read only from the start": "GNU_RELRO" in segments and re.search(r"BIND_NOW|FLAGS_1.*\bNOW\b", dynamic),
    "a stack that holds no code": stack and "E" not in stack[1],
    "no segment that is writable and holds code": not re.search(r"^\s+LOAD.*\sRWE\s", segments, re.M),
    "guarded stacks": "__stack_chk_fail" in names,
    "checked calls of the C library": re.search(r"__\w+_chk\b(?<!stack_chk)", names.replace("__stack_chk_fail", "")),
    "no path to libraries of its own": "RPATH" not in dynamic and "RUNPATH" not in dynamic,
}
wrong = [what for what, holds in checks.items() if not holds]
for what in wrong:
    print(f"{binary} has not: {what}")
print(f"{len(checks)} protections, {len(wrong)} missing")
sys.exit(bool(wrong))
