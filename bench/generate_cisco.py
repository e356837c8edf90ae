#!/usr/bin/env python3
"""Writes the running configuration of a Cisco IOS router, always the same for the same arguments.

Interfaces with descriptions and access lists, object groups, extended lists with remarks, and routes, prefix lists and
neighbours in the lines that are left. Lists look like those that people keep for years: blocks of entries for an
application under a remark, hosts and networks of a site, few services, now and then an entry that an earlier one hides.
"""
import argparse
import random

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("--lists", type=int, default=20, help="access lists, each applied to an interface (default 20)")
options.add_argument("--entries", type=int, default=1000, help="entries of each list (default 1000)")
options.add_argument("--lines", type=int, default=50000, help="lines of the whole configuration (default 50000)")
options.add_argument("--groups", type=int, default=60, help="object groups (default 60)")
args = options.parse_args()
random.seed(11)
out = []

TCP = ["443"] * 8 + ["www"] * 5 + ["22"] * 4 + ["smtp", "domain", "1433", "3306", "5432", "8443", "8080", "636", "389",
                                                "ftp", "telnet", "3389", "445", "9100"]
UDP = ["domain"] * 4 + ["ntp"] * 3 + ["syslog", "snmp", "1812", "1813", "161", "5060"]
LENGTHS = [32] * 10 + [24] * 7 + [28] * 2 + [27, 26, 25, 23, 22, 20, 16]


def dotted(value):
    return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


def network(site, length):
    """A network of a site (10.site.0.0/16), or of the world."""
    base = 10 << 24 | (site & 255) << 16 if site is not None else random.choice([203 << 24 | 113 << 8, 198 << 24 | 51 << 16 | 100 << 8, random.getrandbits(32)])
    # Most of a site lives in few of its subnets.
    subnet = min(random.randrange(256), random.randrange(256), random.randrange(256))
    value = (base & 0xFFFF0000) | subnet << 8 | random.randrange(1, 255) if site is not None else base | random.randrange(256)
    return value & ~((1 << (32 - length)) - 1) & 0xFFFFFFFF


def address(site, any_share=0.0):
    if random.random() < any_share:
        return "any"
    if random.random() < 0.04:
        return f"object-group NET-{random.randrange(args.groups)}"
    length = random.choice(LENGTHS)
    value = network(site, length)
    return f"host {dotted(value)}" if length == 32 else f"{dotted(value)} {dotted((1 << (32 - length)) - 1)}"


def entry(site, target):
    action = "permit" if random.random() < 0.85 else "deny"
    kind = random.random()
    source, destination = address(site, 0.12), address(target, 0.04)
    if kind < 0.66:
        ports = f"eq {random.choice(TCP)}"
        if random.random() < 0.08:
            first = random.randrange(1024, 60000)
            ports = f"range {first} {first + random.randrange(1, 2000)}"
        return f" {action} tcp {source} {destination} {ports}"
    if kind < 0.85:
        return f" {action} udp {source} {destination} eq {random.choice(UDP)}"
    if kind < 0.89:
        return f" {action} icmp {source} {destination} echo"
    if kind < 0.91:
        return f" permit tcp {destination} {source} established"
    return f" {action} ip {source} {destination}" + (" log" if action == "deny" else "")


def access_list(number):
    out.append(f"ip access-list extended SITE-{number}-IN")
    written, block = 0, []
    while written < args.entries - 1:
        if not block:
            out.append(f" remark application {random.randrange(10000)}, change {random.randrange(100000)}")
            target = random.choice([random.randrange(256), 250, 251, None])
            block = [entry(number, target) for _ in range(random.randrange(2, 12))]
        out.append(block.pop())
        written += 1
    out.append(" deny   ip any any log")
    out.append("!")


out += ["version 15.7", "service timestamps log datetime msec", "hostname edge-router", "!"]
for group in range(args.groups):
    out.append(f"object-group network NET-{group}")
    for _ in range(random.randrange(3, 20)):
        length = random.choice([32, 32, 32, 24])
        value = network(random.randrange(256), length)
        out.append(f" host {dotted(value)}" if length == 32 else f" {dotted(value)} 255.255.255.0")
    out.append("!")
for number in range(args.lists):
    out += [f"interface GigabitEthernet0/{number // 48}/{number % 48}", f" description site {number}",
            f" ip address 10.{number & 255}.0.1 255.255.0.0", f" ip access-group SITE-{number}-IN in",
            " no ip redirects", "!"]
for number in range(args.lists):
    access_list(number)
out += ["snmp-server location rack 4", "line vty 0 4", " transport input ssh", "!"]
route = 0
while len(out) < args.lines - 1:
    value = 172 << 24 | 16 << 16 | route
    kind = route % 4
    if kind == 0:
        out.append(f"ip route {dotted(value)} 255.255.255.255 10.0.{route >> 8 & 255}.{route & 255}")
    elif kind == 1:
        out.append(f"ip prefix-list SITES seq {route * 5} permit {dotted(value)}/32")
    elif kind == 2:
        out.append(f"ip host server-{route} {dotted(value)}")
    else:
        out.append(f"logging discriminator D{route} severity includes {route % 7}")
    route += 1
out.append("end")
print("\n".join(out))
