#!/usr/bin/env python3
"""Runs the libFuzzer targets of build/fuzz one after the other, each with its seeds, its dictionary and what earlier runs found,
and prints a table of what all runs over that corpus did: minutes of processor time, executions, branches and what else libFuzzer
tells apart, inputs in the corpus, the most memory.

usage: run.py [--build DIR] [--corpus DIR] [--minutes N] [--jobs N] [TARGET...]

N minutes of processor time are spent on each target, those of earlier runs counted. Inputs that break a promise are left in
CORPUS/findings. The exit code is 1 where there is one."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

project = pathlib.Path(__file__).resolve().parents[2]


def table():
    """The names of the targets and the folders of their seeds."""
    text = (project / "tests/fuzz/targets.cpp").read_text()
    return [(name, re.findall(r'"([^"]+)"', seeds)) for name, seeds in re.findall(r'^    \{"([a-z0-9-]+)", run_[^{]*\{([^}]*)\}', text, re.M)]


def run(name, seeds_of, options):
    corpus = options.corpus / name
    findings = options.corpus / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    folder = options.build / "tests/fuzz"
    totals_file = options.corpus / f"{name}.json"
    totals = json.loads(totals_file.read_text()) if totals_file.exists() else {"seconds": 0, "executions": 0, "edges": 0, "features": 0, "inputs": 0, "MiB": 0}
    found = False
    # By the clock, libFuzzer ends; a machine that does other things besides gives it less than that.
    while not found and (left := options.minutes * 60 - totals["seconds"]) > 1:
        command = [str(folder / f"fuzz_{name}"), f"-dict={folder / name}.dict", f"-max_total_time={int(min(left, 600)) + 1}",
                   f"-artifact_prefix={findings}/{name}-", "-timeout=60", "-rss_limit_mb=3000", "-max_len=8192", "-print_final_stats=1",
                   str(corpus), *(str(project / "tests" / seeds) for seeds in seeds_of)]
        log = options.corpus / f"{name}.log"
        with open(log, "w") as errors:
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        said = log.read_text(errors="replace")
        found = child.returncode != 0
        number = lambda pattern: int((re.findall(pattern, said, re.M) or ["0"])[-1])
        totals["seconds"] += used.ru_utime + used.ru_stime
        totals["executions"] += number(r"stat::number_of_executed_units:\s*(\d+)") or number(r"^#(\d+)")
        for what, pattern in (("edges", r"cov: (\d+)"), ("features", r"ft: (\d+)"), ("inputs", r"corp: (\d+)"), ("MiB", r"stat::peak_rss_mb:\s*(\d+)")):
            totals[what] = max(totals[what], number(pattern))
        totals_file.write_text(json.dumps(totals))
    return (name, f"{totals['seconds'] / 60:.0f}", *(f"{totals[what]:,}" for what in ("executions", "edges", "features", "inputs", "MiB")), "found something" if found else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=project / "build/fuzz")
    parser.add_argument("--corpus", type=pathlib.Path, default=project / "build/fuzz/corpus")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    rows = [row for row in table() if not options.targets or row[0] in options.targets]
    if not rows:
        sys.exit("run.py: there is no such target; there are " + ", ".join(name for name, _ in table()))
    print("| target | minutes | executions | edges | features | inputs | MiB | |\n|---|---:|---:|---:|---:|---:|---:|---|", flush=True)
    failed = False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda row: run(*row, options), rows):
            print("| " + " | ".join(result) + " |", flush=True)
            failed = failed or bool(result[-1])
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
