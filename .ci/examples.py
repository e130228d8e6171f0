"""Writes the YAML blocks of Markdown files into folders, one a kind, for their checkers.

Arguments: the folder to write to, then Markdown files. A block that is of no known kind is an error.
"""

import re
import sys
from pathlib import Path
from textwrap import dedent, indent

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

FENCE = re.compile(r"^(?P<lead>[ \t]*)(?P<mark>`{3,}|~{3,})(?P<word>[^\s`]*)")

# A list of steps says nothing of its job: it is checked within one that has no permissions.
JOB = """on: workflow_dispatch
permissions: {}
concurrency:
  group: example-${{ github.ref }}
  cancel-in-progress: true
jobs:
  example:
    name: Example
    runs-on: ubuntu-24.04
    permissions:
      contents: read # to check out
      security-events: write # to upload
    steps:
"""
PIPELINE = "pipelines:\n  default:\n"


def blocks(text):
    """Every fenced YAML block with the number of its first line."""
    mark, lines, start = None, [], 0
    for number, line in enumerate(text.splitlines(), 1):
        if mark is None:
            found = FENCE.match(line)
            if found:
                mark, word = found["mark"], found["word"].lower()
                lines, start = [], number + 1
        elif line.strip().startswith(mark) and not line.strip().strip(mark[0]):
            if word in ("yaml", "yml"):
                yield start, dedent("\n".join(lines)) + "\n"
            mark = None
        else:
            lines.append(line)
    if mark is not None:
        raise ValueError(f"the block at line {start} has no end")


def kind(block):
    """The kind of a block, and the block as its checkers want it."""
    data = YAML(typ="safe").load(block)
    first = block.lstrip().splitlines()[0]
    if isinstance(data, list) and all(isinstance(entry, dict) for entry in data):
        if all({"uses", "run"} & set(entry) for entry in data):
            return "workflow", JOB + indent(block, " " * 6)
        if all({"step", "parallel", "stage"} & set(entry) for entry in data):
            return "pipeline", PIPELINE + indent(block, " " * 4)
    if isinstance(data, dict):
        if ".gitlab-ci.yml" in first:
            return "gitlab", block
        if "pipelines" in data:
            return "pipeline", block
        if "jobs" in data:
            return "workflow", block
        if data.get("version") == 1:
            return "policy", block
    raise ValueError("it is no workflow, list of steps, pipeline, policy, nor named .gitlab-ci.yml in its first line")


def main():
    target, *files = map(Path, sys.argv[1:])
    failed = False
    for file in files:
        try:
            for line, block in blocks(file.read_text(encoding="utf-8")):
                try:
                    folder, block = kind(block)
                except (YAMLError, ValueError) as error:
                    print(f"{file}:{line}: {error}", file=sys.stderr)
                    failed = True
                    continue
                name = f"{'-'.join(file.with_suffix('').parts)}-{line}.yml"
                to = target / folder / name
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_text(block, encoding="utf-8")
        except ValueError as error:
            print(f"{file}: {error}", file=sys.stderr)
            failed = True
    sys.exit(failed)


main()
