#!/usr/bin/env python3
"""Runs the libFuzzer targets of build/fuzz one after the other, each with its seeds, its dictionary and what earlier runs found,
and prints a table of what they did.

usage: run.py [--build DIR] [--corpus DIR] [--seconds N] [--jobs N] [TARGET...]

Inputs that break a promise are left in CORPUS/findings. The exit code is 1 where there is one."""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

project = pathlib.Path(__file__).resolve().parents[2]


def table():
    """The names of the targets and the folders of their seeds."""
    text = (project / "tests/fuzz/targets.cpp").read_text()
    return [(name, re.findall(r'"([^"]+)"', seeds)) for name, seeds in re.findall(r'^    \{"([a-z0-9-]+)", run_[^{]*\{([^}]*)\}', text, re.M)]


def run(name, seeds, options):
    corpus = options.corpus / name
    findings = options.corpus / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    folder = options.build / "tests/fuzz"
    command = [str(folder / f"fuzz_{name}"), f"-dict={folder / name}.dict", f"-max_total_time={options.seconds}",
               f"-artifact_prefix={findings}/{name}-", "-timeout=20", "-rss_limit_mb=3000", "-max_len=8192", "-print_final_stats=1",
               str(corpus), *(str(project / "tests" / folder) for folder in seeds)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
    (options.corpus / f"{name}.log").write_text(done.stderr)
    number = lambda pattern: (re.findall(pattern, done.stderr) or ["0"])[-1]
    return (name, number(r"stat::number_of_executed_units:\s*(\d+)"), number(r"cov: (\d+)"), number(r"ft: (\d+)"),
            number(r"corp: (\d+)"), number(r"stat::peak_rss_mb:\s*(\d+)"), "" if done.returncode == 0 else "found something")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=project / "build/fuzz")
    parser.add_argument("--corpus", type=pathlib.Path, default=project / "build/fuzz/corpus")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    rows = [row for row in table() if not options.targets or row[0] in options.targets]
    if not rows:
        sys.exit("run.py: there is no such target; there are " + ", ".join(name for name, _ in table()))
    print("| target | executions | edges | features | corpus | MiB | |\n|---|---:|---:|---:|---:|---:|---|", flush=True)
    failed = False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda row: run(*row, options), rows):
            print("| " + " | ".join(result) + " |", flush=True)
            failed = failed or bool(result[-1])
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
