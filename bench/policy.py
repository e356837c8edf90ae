#!/usr/bin/env python3
"""A policy of OBJECTS objects and STATEMENTS statements, on standard output: policy.py OBJECTS STATEMENTS"""
import random
import sys

objects, statements = int(sys.argv[1]), int(sys.argv[2])
dice = random.Random(1)
print('[zones.outside]\ninterfaces = ["eth0"]\ntrust = "untrusted"\n')
print('[zones.inside]\ninterfaces = ["eth1"]\nnetworks = ["10.0.0.0/8", "fd00::/16"]\ntrust = "trusted"\n')
print("[objects]")
for i in range(objects):
    hosts = ", ".join(f'"10.{i // 250}.{i % 250}.{dice.randrange(256)}"' for _ in range(3))
    print(f'object{i} = [{hosts}, "fd00:{i:x}::/64"]')
for i in range(statements):
    kind = "deny" if i % 10 == 0 else "allow"
    to = "self" if i % 4 == 0 else f"object{dice.randrange(objects)}"
    print(f'[[{kind}]]\nname = "statement {i}"\nfrom = ["object{dice.randrange(objects)}"]\nto = ["{to}"]')
    print(f'services = ["tcp/{61000 + dice.randrange(4500)}", "https"]')
