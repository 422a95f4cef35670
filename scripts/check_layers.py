#!/usr/bin/env python3
"""Every include points down, and none goes in a circle: scripts/layers.txt is the law.

    scripts/check_layers.py [--root DIR]

A unit is a .c file and its header together, and <auger/X.h> a unit of layer X. A header that layers.txt
calls a face, because several units implement it, is a unit of its own.
Prints one line a breach and exits 1, or "layers: ok"."""

import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]')


class Law:
    """What layers.txt says."""

    def __init__(self, text):
        self.allowed, self.order, self.public_only, self.homes, self.faces = {}, {}, {}, [], set()
        for line in text.splitlines():
            left, colon, right = line.partition("#")[0].strip().partition(":")
            words = right.split()
            if not colon:
                continue
            if left.startswith("public-only "):
                self.public_only.update({folder: set(words) for folder in left.split()[1:]})
            elif left == "face":
                self.faces.update(words)
            elif left.startswith("order "):
                self.order[left.split()[1]] = words
            elif left.startswith("home "):
                self.homes.append((set(left.split()[1:]), words))
            else:
                self.allowed[left] = {left, *words}

    def may_use_system(self, layer, header):
        """A system header that no line names is for everybody."""
        homes = [layers for layers, names in self.homes
                 if any(header == n or (n.endswith("/") and header.startswith(n)) for n in names)]
        return not homes or any(layer in layers for layers in homes)


class Include:
    """One #include line: where it stands, and what it names."""

    def __init__(self, faces, path, line, quote, name):
        self.path, self.line, self.name = path, line, name
        self.public = quote == "<" and name.startswith("auger/")
        self.system = quote == "<" and not self.public
        self.unit = path if path in faces else path.rsplit(".", 1)[0]
        self.target = name if name in faces else name.removesuffix(".h")
        if self.public:
            self.target = "include/" + self.target

    def breach(self, text):
        return f"{self.path}:{self.line}: {text}"


def layer_of(unit):
    """"ice/check", "include/auger/ice" and "include/auger/ice_stats" are all of layer ice."""
    parts = unit.split("/")
    return parts[2].partition("_")[0] if parts[:2] == ["include", "auger"] else parts[0]


def read_includes(root, law):
    for folder in (*sorted(law.allowed), "include"):
        for path in sorted((root / folder).rglob("*.[ch]")):
            name = str(path.relative_to(root))
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                found = INCLUDE.match(line)
                if found:
                    yield Include(law.faces, name, number, *found.groups())


def check_order(law, layer, inc):
    """Inside a folder with an order, a unit sees those that stand before it."""
    order = law.order.get(layer)
    if order is None or inc.public:
        return None
    here, there = inc.unit.rsplit("/", 1)[-1], inc.target.rsplit("/", 1)[-1]
    for name in (here, there):
        if name not in order:
            return inc.breach(f"{name} has no place in the order of {layer}")
    if order.index(there) > order.index(here):
        return inc.breach(f"inside {layer}, {here} stands below {there} and may not include it")
    return None


def check_one(law, inc):
    """The breach that this line is, or None."""
    here, there = layer_of(inc.unit), layer_of(inc.target)
    if inc.system:
        if not law.may_use_system(here, inc.name):
            return inc.breach(f"<{inc.name}> has its home elsewhere, {here} may not include it")
        return None
    if inc.unit.startswith("include/") and not inc.public:
        return inc.breach(f'a public header includes only <auger/...>, not "{inc.name}"')
    if "auger" in (here, there):  # <auger/auger.h>, the umbrella
        return None
    if there not in law.allowed:
        return inc.breach(f'"{inc.name}" is not written from the root, or names no layer')
    if there not in law.allowed[here]:
        return inc.breach(f"{here} may not include {inc.name}: {there} does not lie below it")
    if there not in law.public_only.get(here, {there}) | {here} and not inc.public:
        return inc.breach(f'{here} sees only <auger/...> of what lies below, not "{inc.name}"')
    return check_order(law, here, inc) if here == there else None


def find_circles(uses):
    """Each circle once, as the chain of units that closes it."""
    done = set()

    def visit(unit, trail):
        if unit in trail:
            yield [*trail[trail.index(unit):], unit]
            return
        if unit in done:
            return
        for below in sorted(uses.get(unit, ())):
            yield from visit(below, [*trail, unit])
        done.add(unit)

    for unit in sorted(uses):
        yield from visit(unit, [])


def check(root):
    law = Law((root / "scripts/layers.txt").read_text())
    breaches, uses = [], {}
    for inc in read_includes(root, law):
        breach = check_one(law, inc)
        if breach:
            breaches.append(breach)
        if not inc.system and inc.target != inc.unit:
            uses.setdefault(inc.unit, set()).add(inc.target)
    breaches += ["circle: " + " -> ".join(circle) for circle in find_circles(uses)]
    return breaches


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    breaches = check(parser.parse_args().root)
    print("\n".join(breaches) or "layers: ok")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
