#!/usr/bin/env python3
"""Plays the sessions of session.txt with `portcullis lsp` and compares what it says.  Usage: session.py BINARY TRANSCRIPT"""
import json
import pathlib
import subprocess
import sys
import tempfile
import threading


def sessions(text):
    """Lists of (mark, rest of the line), each ending with the exit code."""
    session = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        mark, _, rest = line.partition(" ")
        session.append((mark, rest.strip()))
        if mark == "==":
            yield session
            session = []


def read_message(stream):
    length = None
    while line := stream.readline():
        line = line.rstrip(b"\r\n")
        if not line:
            return json.loads(stream.read(length))
        name, _, value = line.partition(b":")
        if name == b"Content-Length":
            length = int(value)
    return None


def difference(expected, found, where="message"):
    """What of `expected` is not in `found`; objects may have more members, arrays more members within their items."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            if key not in found:
                return f"{where} has no {key}"
            if wrong := difference(value, found[key], f"{where}.{key}"):
                return wrong
        return None
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (a, b) in enumerate(zip(expected, found)):
            if wrong := difference(a, b, f"{where}[{index}]"):
                return wrong
        return None
    return None if expected == found else f"{where}: found {json.dumps(found)[:600]}, expected {json.dumps(expected)}"


def play(binary, session, root):
    server = subprocess.Popen([binary, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
    watchdog = threading.Timer(120, server.kill)  # a server that hangs is one that failed
    watchdog.start()
    try:
        for mark, text in session:
            text = text.replace("${ROOT}", root.as_uri())
            if mark == "-->":
                body = json.dumps({"jsonrpc": "2.0", **json.loads(text)}).encode()
                server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                server.stdin.flush()
            elif mark == "~~>":
                server.stdin.write(text.encode().decode("unicode_escape").encode())
                server.stdin.flush()
            elif mark == "<--":
                found = read_message(server.stdout)
                if wrong := difference(json.loads(text), found):
                    return f"{text[:100]}\n  {wrong}"
            elif mark == "==":
                server.stdin.close()
                if rest := read_message(server.stdout):
                    return f"the server says more: {json.dumps(rest)[:600]}"
                code = server.wait(60)
                return None if code == int(text) else f"the exit code is {code}, expected {text}"
        return "the session does not end"
    finally:
        watchdog.cancel()
        server.kill()


def main():
    binary, transcript = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    failures = 0
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        (root / "wrong").mkdir()
        (root / "portcullis.toml").write_text('root = true\n[lint]\nignore = ["PC3"]\n')
        (root / "wrong" / "portcullis.toml").write_text("[lint]\nignored = []\n")
        (root / "ports.nft").write_text("define admin = 22\n")
        for session in sessions(transcript.read_text()):
            count += 1
            if wrong := play(binary, session, root):
                failures += 1
                print(f"session {count}: {wrong}")
    print(f"{count} sessions played, {failures} failed")
    return 1 if failures or count < 4 else 0


sys.exit(main())
