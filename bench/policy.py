#!/usr/bin/env python3
"""A policy of OBJECTS objects and STATEMENTS statements, on standard output: policy.py OBJECTS STATEMENTS [INTERFACES]

With the interfaces of the device, from 2 on, it says what access lists need, and the objects are spread over the inner ones."""
import random
import sys

objects, statements = int(sys.argv[1]), int(sys.argv[2])
interfaces = int(sys.argv[3]) if len(sys.argv) > 3 else 0
dice = random.Random(1)
inner = max(interfaces - 1, 1)
if interfaces:
    names = ", ".join(f'"eth{i}"' for i in range(interfaces))
    print(f'[device]\ninterfaces = [{names}]\naddresses = ["198.51.100.1", "2001:db8::1"]\n')
print('[zones.outside]\ninterfaces = ["eth0"]\ntrust = "untrusted"\n')
if inner == 1:
    print('[zones.inside]\ninterfaces = ["eth1"]\nnetworks = ["10.0.0.0/8", "fd00::/16"]\ntrust = "trusted"\n')
else:
    for i in range(inner):
        print(f'[zones.inside{i}]\ninterfaces = ["eth{i + 1}"]\nnetworks = ["{10 + i}.0.0.0/8", "fd{i:02x}::/16"]\ntrust = "trusted"\n')
print("[objects]")
for i in range(objects):
    hosts = ", ".join(f'"{10 + i % inner}.{i // 250}.{i % 250}.{dice.randrange(256)}"' for _ in range(3))
    print(f'object{i} = [{hosts}, "fd{i % inner:02x}:{i:x}::/64"]')
for i in range(statements):
    kind = "deny" if i % 10 == 0 else "allow"
    to = "self" if i % 4 == 0 else f"object{dice.randrange(objects)}"
    print(f'[[{kind}]]\nname = "statement {i}"\nfrom = ["object{dice.randrange(objects)}"]\nto = ["{to}"]')
    print(f'services = ["tcp/{61000 + dice.randrange(4500)}", "https"]')
