"""The unit files themselves: what systemd says of them without a daemon running."""

import json
import re
from pathlib import Path

import pytest

from tests.packaging.box import UNITS, Box

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("systemd")]
# What systemd counts against the unit, 1.2 of 10 in all: it serves a network, and has to see who calls it locally.
EXPOSED = {
    "RestrictAddressFamilies=~AF_(INET|INET6)",
    "RestrictAddressFamilies=~AF_UNIX",
    "PrivateNetwork=",
    "IPAddressDeny=",
    "PrivateUsers=",
    "RootDirectory=/RootImage=",
    "DeviceAllow=",  # to read the clock device: ProtectClock= does that
}
DROP_INS = sorted((UNITS / "drop-ins").glob("*.conf"))


def directives(unit: Path) -> list[str]:
    """The lines that mean something."""
    return [line for line in unit.read_text().splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("unit", ["orchd.service", "orchd@second.service"])
def test_systemd_finds_nothing_to_say_about_a_unit(box: Box, unit: str) -> None:
    checked = box.attempt("systemd-analyze", "verify", "--man=no", unit)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize("drop_in", DROP_INS, ids=lambda path: path.stem)
def test_systemd_finds_nothing_to_say_about_a_drop_in(box: Box, drop_in: Path) -> None:
    box.put(drop_in, f"/etc/systemd/system/orchd.service.d/{drop_in.name}")
    try:
        checked = box.attempt("systemd-analyze", "verify", "--man=no", "orchd.service")
    finally:
        box.run("rm", "-r", "/etc/systemd/system/orchd.service.d")
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_verify_does_speak_up_about_a_mistake(box: Box) -> None:
    """It exits 0 all the same: only its silence proves a unit."""
    box.write("/run/mistaken.service", "[Service]\nType=notify\nWatchdog=30s\nExecStart=/usr/bin/orchd\n")
    assert "Watchdog" in box.attempt("systemd-analyze", "verify", "--man=no", "/run/mistaken.service").stderr


@pytest.mark.parametrize("unit", ["orchd.service", "orchd@.service"])
def test_a_broken_in_orchd_could_reach_what_it_needs_and_no_more(box: Box, unit: str) -> None:
    asked = ("systemd-analyze", "security", "--offline=true", "--json=short", "--no-pager")
    judged = json.loads(box.run(*asked, f"/etc/systemd/system/{unit}"))
    assert {each["name"] for each in judged if each.get("exposure")} == EXPOSED


def test_the_template_differs_from_the_service_only_in_names() -> None:
    service, template = (directives(UNITS / name) for name in ("orchd.service", "orchd@.service"))
    named = r"^(User|StateDirectory|RuntimeDirectory)=orchd$"
    expected = [re.sub(named, r"\1=orchd-%i", line) for line in service]
    expected = [line.replace("/etc/orchd/orchd.yaml", "/etc/orchd/%i.yaml") for line in expected]
    expected = [f"{line} (%i)" if line.startswith("Description=") else line for line in expected]
    assert template == expected


@pytest.mark.parametrize("unit", [UNITS / "orchd.service", UNITS / "orchd@.service", *DROP_INS], ids=lambda u: u.name)
def test_each_directive_is_explained_where_it_stands(unit: Path) -> None:
    """A comment precedes each run of directives that belong together; such a run stays short."""
    run = 0
    for line in unit.read_text().splitlines():
        run = run + 1 if re.match(r"[A-Z][A-Za-z]+=", line) else 0
        assert run <= 6, f"{unit.name}: {line} belongs to no explained group"
