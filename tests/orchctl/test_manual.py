"""The manual pages say what the commands can do."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from orchctl.cli import main as orchctl
from orchctl.session import Exit
from orchd.cli import main as orchd
from orchd.config.schema import options

REPOSITORY = Path(__file__).parents[2]
PAGES = REPOSITORY / "docs" / "man"


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pages", REPOSITORY / "packaging" / "man" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = maker()


def commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")
        else:
            yield above + name, command


@pytest.mark.parametrize("name", sorted(MAKER.pages()))
def test_a_page_is_what_would_be_made_now(name: str) -> None:
    assert (PAGES / name).read_text() == MAKER.pages()[name], "run packaging/man/make.py"


@pytest.mark.parametrize(("page", "program"), [("orchctl.1", orchctl), ("orchd.8", orchd)])
def test_every_command_and_every_option_is_on_the_page(page: str, program: click.Group) -> None:
    text = (PAGES / page).read_text()
    for name, command in commands(program):
        assert f"\\fB{MAKER.roff(name)}\\fR" in text
        shown = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
        for option in shown:
            assert f"\\fB{MAKER.roff(option.opts[-1])}\\fR" in text


def test_every_option_of_the_configuration_is_on_the_page() -> None:
    text = (PAGES / "orchd.yaml.5").read_text()
    for option in options():
        assert f"\\fB{MAKER.roff(option.name)}\\fR" in text


def test_every_exit_status_is_on_the_page() -> None:
    text = (PAGES / "orchctl.1").read_text()
    for status in Exit:
        assert f"\n.B {int(status)}\n" in text


@pytest.mark.parametrize("name", sorted(MAKER.pages()))
def test_a_page_is_roff_without_a_fault(name: str) -> None:
    """Every macro is one of man(7), and no line begins with a control character by accident."""
    known = {
        "TH",
        "SH",
        "SS",
        "PP",
        "TP",
        "IP",
        "RS",
        "RE",
        "B",
        "I",
        "BR",
        "RB",
        "BI",
        "RI",
        "IR",
        "nf",
        "fi",
        "br",
        '\\"',
    }
    for line in (PAGES / name).read_text().splitlines():
        if line.startswith("."):
            assert line[1:].split(" ")[0] in known
        assert not line.startswith("'")


def test_what_could_be_taken_for_a_request_is_escaped() -> None:
    assert MAKER.roff(".hidden\n'quoted' `code` a-b \\n") == "\\&.hidden\n\\&'quoted' \\fBcode\\fR a\\-b \\en"
