#!/usr/bin/env python3
"""Writes the configurations of a fleet: fleet.py FOLDER FILES [RULES]

FILES small files of RULES rules (50) each, a hundred in a folder: restore files of iptables, rulesets of nft and configurations
of Cisco routers in turn, no two alike and always the same for the same arguments. As in real fleets, the machines of a kind have
most of their rules in common, and differ in addresses, in a few ports, and in a rule here and there that should not be there."""
import pathlib
import random
import sys

folder, files = pathlib.Path(sys.argv[1]), int(sys.argv[2])
rules = int(sys.argv[3]) if len(sys.argv) > 3 else 50
SERVICES = [22, 25, 53, 80, 123, 143, 389, 443, 587, 636, 993, 1514, 3306, 5432, 6514, 8080, 8443, 9090, 9100]
POOR = [21, 23, 69, 161, 445, 3389, 6379]


def permits(dice):
    """Source network, protocol and port of each permit; one file in ten lets something through that it should not."""
    site = f"10.{dice.randrange(1, 255)}"
    for number in range(rules):
        source = f"{site}.{number % 32 * 8}.0/{dice.choice([24, 24, 24, 23, 22])}"
        host = dice.random() < 0.3
        if host:
            source = f"{site}.{number % 250}.{dice.randrange(1, 255)}/32"
        port = dice.choice(SERVICES)
        yield source, "udp" if port in (53, 123, 1514) else "tcp", port
    if dice.random() < 0.1:
        yield "0.0.0.0/0", "tcp", dice.choice(POOR)


def network(source):
    """The same without bits below the prefix."""
    address, length = source.split("/")
    value = 0
    for part in address.split("."):
        value = value << 8 | int(part)
    value &= ~((1 << (32 - int(length))) - 1)
    return value, int(length)


def dotted(value):
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def iptables(dice):
    yield "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]"
    yield "-A INPUT -i lo -j ACCEPT"
    yield "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    yield "-A INPUT -m conntrack --ctstate INVALID -j DROP"
    for source, protocol, port in permits(dice):
        value, length = network(source)
        yield f"-A INPUT -s {dotted(value)}/{length} -p {protocol} -m {protocol} --dport {port} -j ACCEPT"
    yield "COMMIT"


def nftables(dice):
    yield "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;"
    yield '\t\tiif "lo" accept\n\t\tct state established,related accept\n\t\tct state invalid drop'
    for source, protocol, port in permits(dice):
        value, length = network(source)
        yield f"\t\tip saddr {dotted(value)}/{length} {protocol} dport {port} accept"
    yield "\t}\n}"


def cisco(dice):
    yield f"version 15.7\nhostname edge-{dice.randrange(10000)}\ninterface GigabitEthernet0/0"
    yield " ip address 192.0.2.1 255.255.255.0\n ip access-group OUTSIDE in\nip access-list extended OUTSIDE"
    for source, protocol, port in permits(dice):
        value, length = network(source)
        where = f"host {dotted(value)}" if length == 32 else f"{dotted(value)} {dotted((1 << (32 - length)) - 1)}" if length else "any"
        yield f" permit {protocol} {where} any eq {port}"
    yield " deny ip any any log"


for index in range(files):
    dice = random.Random(index)
    write, ending = [(iptables, "rules"), (nftables, "nft"), (cisco, "cfg")][index % 3]
    place = folder / f"site{index // 100:05}"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"host{index:07}.{ending}").write_text("\n".join(write(dice)) + "\n")
