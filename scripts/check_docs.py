#!/usr/bin/env python3
"""What the documents say of the code is so: files and links exist, functions too, the hello of the
README is docs/hello.c to the letter, and the decisions that the code cites are there.

    scripts/check_docs.py"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODE = ("base", "crypto", "stun", "turn", "ice", "dtls", "tls", "sctp", "sdp", "peer", "io", "sim", "tools",
        "bench", "include", "tests", "scripts", "cmake", "interop", "docs")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
FILE = re.compile(rf"`((?:{'|'.join(CODE)})/[\w./-]+)`")
FUNCTION = re.compile(r"`(auger_\w+)\(\)`")


def documents():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout
    return [ROOT / name for name in listed.splitlines()]


def known_functions():
    """Every auger_ word that is followed by a parenthesis anywhere in the code."""
    paths = [path for folder in CODE for path in (ROOT / folder).rglob("*.[ch]")]
    return {name for path in paths for name in re.findall(r"\b(auger_\w+)\(", path.read_text())}


def check_document(path, functions):
    text = path.read_text()
    where = path.relative_to(ROOT)
    for link in LINK.findall(text):
        if not (path.parent / link).exists():
            yield f"{where}: no such file: {link}"
    for name in FILE.findall(text):
        if "NAME" not in name and not (ROOT / name).exists():
            yield f"{where}: no such file: {name}"
    for name in FUNCTION.findall(text):
        if name not in functions:
            yield f"{where}: no such function: {name}()"


def check_cited_decisions():
    """What the code cites as docs/decisions/NNN is one page and no other."""
    for path in (path for folder in CODE for path in (ROOT / folder).rglob("*.[ch]")):
        for number in re.findall(r"docs/decisions/(\d{3})", path.read_text()):
            if len(list((ROOT / "docs/decisions").glob(f"{number}-*.md"))) != 1:
                yield f"{path.relative_to(ROOT)}: no such decision: {number}"


def check_hello():
    hello = (ROOT / "docs/hello.c").read_text()
    if f"```c\n{hello}```" not in (ROOT / "README.md").read_text():
        yield "README.md: its hello is not docs/hello.c"


def main():
    functions = known_functions()
    wrong = [line for path in documents() for line in check_document(path, functions)]
    wrong += check_cited_decisions()
    wrong += check_hello()
    print("\n".join(wrong) or "docs: ok")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
