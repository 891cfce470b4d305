"""The commands of `commands.txt`, typed one after the other against a server; and what of their output is compared."""

import contextlib
import json
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.compat.clients import Client

COMMANDS = Path(__file__).with_name("commands.txt")
PROJECT = Path(__file__).with_name("project")
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
# What differs from one minute, machine or folder to the next. Times of the years 203x are the commands' own.
MASKED = [
    (re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n)*"), "<traceback> "),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]*){0,4}…"), "<id…>"),
    (re.compile(r"202\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d| ?UTC)?"), "<time>"),
    (re.compile(r"\b(?:datetime\.datetime|DateTime)\(\s*202\d(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"), "<time>"),
    (
        re.compile(r"(about )?\b(\d+|an?) (second|minute)s? (ago|from now)|\bnow\b|\bin (\d+|an?) (second|minute)s?"),
        "<ago>",
    ),
    (re.compile(r'("\w+_(?:run_time|time_delta)"): [\d.]+'), r"\1: <span>"),
    (re.compile(r"timedelta\([^()]*\)"), "<span>"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "<server>"),
    (re.compile(r"[─━═┄╌-]{2,}"), "--"),
    (re.compile(r"\s+"), " "),
]


@dataclass(frozen=True)
class Command:
    """A line of the file: what is typed, the name that its first id gets, whether its text is compared."""

    line: int
    text: str
    keeps: str | None
    status_only: bool


@dataclass(frozen=True)
class Outcome:
    """What a command ended with, and what of its output does not change from one server to another."""

    status: int
    output: str


def commands() -> list[Command]:
    """The lines of the file, without its comments."""
    found = []
    for number, line in enumerate(COMMANDS.read_text().splitlines(), start=1):
        if line and not line.startswith("#"):
            name, equals, text = line.partition(" = ")
            keeps = name if equals and name.isupper() else None
            typed = text if keeps else line
            found.append(Command(number, typed.removeprefix("~ "), keeps, typed.startswith("~ ")))
    return found


def played(client: Client) -> dict[int, Outcome]:
    """The outcomes of all commands, by line."""
    shutil.copytree(PROJECT, client.folder, dirs_exist_ok=True)
    outcomes, ids = {}, dict[str, str]()
    for command in commands():
        typed = command.text
        for name, id in ids.items():
            typed = typed.replace(f"{{{name}}}", id)
        status, output = client.ended(*shlex.split(typed))
        if command.keeps:
            found = UUID.search(output)
            ids[command.keeps] = found[0] if found else f"no-{command.keeps}"
        text = "" if command.status_only else masked(output.replace(str(client.folder), "<folder>"))
        outcomes[command.line] = Outcome(status, text)
    return outcomes


def masked(output: str) -> str:
    """The output without what is different each time. Ids become numbers, in the order in which they appear in it."""
    with contextlib.suppress(ValueError):  # the order of an object's fields means nothing
        output = json.dumps(json.loads(output, parse_float=_number), sort_keys=True)
    seen: dict[str, int] = {}
    output = UUID.sub(lambda found: f"<id {seen.setdefault(found[0], len(seen) + 1)}>", output)
    for pattern, instead in MASKED:
        output = pattern.sub(instead, output)
    return output.strip()


def _number(text: str) -> float:
    """2.0 is 2."""
    number = float(text)
    return int(number) if number.is_integer() else number
