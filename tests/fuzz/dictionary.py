#!/usr/bin/env python3
"""Writes the dictionary of a fuzz target: the words that its reader knows, out of the reader's own sources.

usage: dictionary.py PROJECT TARGET OUTPUT"""
import pathlib
import re
import sys
import tomllib

# Where the words of a kind of text stand: sources with string literals, and folders of names.
iptables = ["grammars/iptables/*.cpp", "src/dialect/iptables_*.cpp", "rules/names/*.toml"]
nftables = ["grammars/nftables/*.cpp", "src/dialect/nftables_*.cpp", "rules/names/*.toml"]
cisco = ["grammars/cisco/*.cpp", "src/dialect/cisco_*.cpp", "rules/names/*.toml"]
words_of = {
    "iptables": iptables,
    "nftables": nftables, "nft-json": nftables + ["src/dialect/nft_json_*.cpp"],
    "cisco": cisco,
    "iptables-script": iptables + ["grammars/shell/*.cpp", "src/dialect/shell_*.cpp", "src/dialect/script_*.cpp"],
    "ipset": ["src/dialect/ipset_*.cpp"],
    "analysis": iptables + nftables + cisco,
    "configuration": ["src/catalogue/*.cpp", "src/query/*.cpp", "src/policy/policy_*.cpp"],
    "packet": ["src/app/packet_line.cpp", "src/model/*.cpp"],
    "generate": ["src/policy/policy_*.cpp"],
    "question": ["src/query/question.cpp", "src/query/service_words.cpp", "src/model/*.cpp"],
    "agreement": [],
    "lsp": ["src/lsp/*.cpp"],
}
punctuation = {"cisco": ["\n", " any", "!"], "nft": ["{", "}", "\n", " . ", " : ", "@", "$", "\""], "": ["\n"]}


def literals(text):
    """The string and character literals of C++ code, without its comments."""
    code = re.sub(r'//[^\n]*', "", re.sub(r'#include[^\n]*', "", text))
    for match in re.finditer(r'"((?:[^"\\\n]|\\.)*)"', code):
        yield match.group(1).encode().decode("unicode_escape")


def names(table):
    """All keys and texts of a table of TOML."""
    if isinstance(table, dict):
        for key, value in table.items():
            yield key
            yield from names(value)
    elif isinstance(table, list):
        for value in table:
            yield from names(value)
    elif isinstance(table, str):
        yield table


def escaped(word):
    return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02x}" for b in word.encode())


def main():
    project, target, output = sys.argv[1:]
    words = set()
    for pattern in words_of[target]:
        files = sorted(pathlib.Path(project).glob(pattern))
        if not files:
            sys.exit(f"dictionary.py: {pattern} is no file")
        for file in files:
            found = names(tomllib.loads(file.read_text())) if file.suffix == ".toml" else literals(file.read_text())
            words.update(word for text in found for word in re.split(r"[ /,]", text) if 1 < len(word) <= 32)
    for kind, marks in punctuation.items():
        if kind in target:
            words.update(marks)
    words.update(["0", "65535", "65536", "4294967295", "18446744073709551616", "0.0.0.0/0", "::/0", "255.255.255.255", "ffff:ffff::/32"])
    pathlib.Path(output).write_text("".join(f'"{escaped(word)}"\n' for word in sorted(words)))


if __name__ == "__main__":
    main()
