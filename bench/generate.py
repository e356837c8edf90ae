#!/usr/bin/env python3
"""Writes an iptables-save file of N rules, always the same for the same arguments.

simple: a source, a port and a verdict in each rule
acl:    sources, destinations, ports, ranges and protocols in any combination, on two chains
block:  a list of blocked addresses, then twenty permits
router: a hundred interfaces with a network each, no foreign sources, and a chain for each that permits services of others
"""
import random
import sys

count, flavour = int(sys.argv[1]), sys.argv[2]
random.seed(7)
ports = [22, 23, 25, 53, 80, 443, 445, 3306, 3389, 8080, 8443, 1433, 161, 123, 5060, *range(1000, 1100)]


def address(length=None):
    length = length if length is not None else random.choice([32, 32, 32, 24, 24, 16, 28, 8])
    value = random.getrandbits(32) & ~((1 << (32 - length)) - 1)
    return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}/{length}"


def simple(_):
    verdict = random.choice(["ACCEPT", "DROP"])
    return f"-A INPUT -s {address()} -p tcp -m tcp --dport {random.randrange(1, 65535)} -j {verdict}"


def block(index):
    if index < count - 20:
        return f"-A INPUT -s {address(32)} -j DROP"
    return f"-A INPUT -p tcp -m tcp --dport {[22, 23, 80, 443, 3306][index % 5]} -j ACCEPT"


def acl(_):
    rule = "-A " + random.choice(["INPUT", "FORWARD"])
    if random.random() < 0.9:
        rule += f" -s {address()}"
    if random.random() < 0.8:
        rule += f" -d {address()}"
    kind = random.random()
    if kind < 0.6:
        rule += f" -p tcp -m tcp --dport {random.choice(ports)}"
    elif kind < 0.8:
        rule += f" -p udp -m udp --dport {random.choice(ports)}"
    elif kind < 0.85:
        first = random.randrange(1024, 60000)
        rule += f" -p tcp -m tcp --dport {first}:{first + random.randrange(1, 5000)}"
    elif kind < 0.9:
        rule += " -p icmp"
    return f"{rule} -j {random.choice(['ACCEPT', 'ACCEPT', 'DROP'])}"


def router():
    interfaces = 100
    lines = [f":from{i} - [0:0]" for i in range(interfaces)]
    lines.append("-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT")
    for i in range(interfaces):
        lines.append(f"-A FORWARD ! -s 10.{i}.0.0/16 -i eth{i} -j DROP")
        lines.append(f"-A FORWARD -i eth{i} -j from{i}")
    for rule in range(count - 2 * interfaces - 1):
        source, target = rule % interfaces, random.randrange(interfaces)
        parts = [f"-A from{source}"]
        if random.random() < 0.5:
            parts.append(f"-s 10.{source}.{random.randrange(16)}.0/24")
        subnet = f"10.{target}.{random.randrange(16)}"
        parts.append("-d " + random.choice([f"10.{target}.0.0/20", f"{subnet}.0/24", f"{subnet}.0/24", f"{subnet}.{random.randrange(1, 9)}/32"]))
        parts.append(f"-o eth{target} -p tcp -m tcp --dport {random.choice([21, 22, 22, 23, 80, 80, 443])}")
        parts.append(f"-j {random.choice(['ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP'])}")
        lines.append(" ".join(parts))
    return lines


print("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]")
if flavour == "router":
    print("\n".join(router()))
else:
    make = {"simple": simple, "acl": acl, "block": block}[flavour]
    for i in range(count):
        print(make(i))
print("COMMIT")
