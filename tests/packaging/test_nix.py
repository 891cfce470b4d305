"""The flake, the package and the module, evaluated; nothing is built.

The module is evaluated against a small stand-in for nixpkgs' lib, and, where $NIXPKGS names a nixpkgs tree (lib/,
nixos/, pkgs/pkgs-lib/), against the whole of NixOS too; the summary of the test run says when it was not.
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.box import REPOSITORY, UNITS, Box, run

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("systemd")]
HERE = Path(__file__).parent / "nix"
NIXPKGS = os.environ.get("NIXPKGS")
FILES = [REPOSITORY / "flake.nix", *(REPOSITORY / "packaging/nix").glob("*.nix"), *HERE.glob("*.nix")]
Evaluate = Callable[..., dict[str, Any]]


class EvaluationError(Exception):
    """What Nix says is wrong."""


@pytest.fixture(scope="session")
def nix(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """`nix-instantiate` with a store of its own; installed by apt where it is missing."""
    if not shutil.which("nix-instantiate"):
        apt_get = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run([*apt_get, "update"], env=quiet)
        run([*apt_get, "install", "-y", "--no-install-recommends", "nix-bin"], env=quiet)
    folder = tmp_path_factory.mktemp("nix")
    places = {f"NIX_{name.upper()}_DIR": str(folder / name) for name in ("store", "state", "log")}
    environment = {**os.environ, **places, "NIX_CONFIG": "build-users-group =\nsubstitute = false"}

    def instantiate(*arguments: str | Path) -> str:
        command = ["nix-instantiate", *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise EvaluationError(done.stderr)
        return done.stdout

    return instantiate


@pytest.fixture(params=["stand-in", *(["nixpkgs"] if NIXPKGS else [])])
def evaluate(request: pytest.FixtureRequest, nix: Callable[..., str], installed: Path) -> Evaluate:
    """What the module makes of the options of `services.orchd`."""
    real = ("--argstr", "nixpkgs", str(NIXPKGS)) if request.param == "nixpkgs" else ()

    def with_options(**options: Any) -> dict[str, Any]:
        given = ("--argstr", "given", json.dumps(options), "--argstr", "package", str(installed))
        how = ("--read-write-mode", "--eval", "--strict", "--json")
        return json.loads(nix(*how, HERE / "module.nix", *given, *real))

    return with_options


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_file_parses(nix: Callable[..., str], file: Path) -> None:
    nix("--parse", file)


def test_the_module_does_nothing_until_it_is_enabled(evaluate: Evaluate) -> None:
    made = evaluate(settings={"server": {"port": 4300}})
    assert (made["enabled"], made["check"], made["wantedBy"]) == (False, "", [])


def test_an_enabled_orchd_starts_at_boot_with_the_unit_of_its_package(evaluate: Evaluate, installed: Path) -> None:
    made = evaluate(enable=True)
    assert made["wantedBy"] == ["multi-user.target"]
    assert str(installed) in made["shippedBy"]
    assert made["failed"] == []


def test_credentials_are_handed_over_by_systemd(evaluate: Evaluate) -> None:
    made = evaluate(enable=True, credentials={"database-url": "/run/keys/url", "auth": "/run/keys/auth"})
    loaded = re.findall(r"^LoadCredential=(.*)$", made["additions"], re.MULTILINE)
    assert sorted(loaded) == ["auth:/run/keys/auth", "database-url:/run/keys/url"]


def test_a_group_for_the_control_socket_exists_and_the_daemon_is_in_it(evaluate: Evaluate) -> None:
    made = evaluate(enable=True, settings={"control": {"group": "operators"}})
    assert "operators" in made["groups"]
    given = made["additions"].splitlines()
    drop_in = (UNITS / "drop-ins/control-group.conf").read_text().replace("orchd-operators", "operators")
    assert {line for line in drop_in.splitlines() if line and not line.startswith("#")} <= set(given)


def test_a_change_of_the_settings_restarts_the_service(evaluate: Evaluate) -> None:
    before, after = (evaluate(enable=True, settings={"server": {"port": port}}) for port in (4200, 4300))
    assert before["restartTriggers"] != after["restartTriggers"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        pytest.param({"enable": "yes"}, r"services.orchd.enable' is not of type `boolean", id="wrong type"),
        pytest.param({"enabel": True}, r"services.orchd.enabel' does not exist", id="unknown option"),
        pytest.param(
            {"enable": True, "credentials": {"database-url": "url"}},
            r"services.orchd.credentials.* is not of type .*matching",
            id="credential that is no path",
        ),
    ],
)
def test_a_wrong_option_fails_the_evaluation_and_is_named(
    evaluate: Evaluate, options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(EvaluationError, match=complaint):
        evaluate(**options)


def test_a_credential_in_the_store_is_refused(evaluate: Evaluate) -> None:
    store = Path(evaluate(enable=True)["restartTriggers"][0]).parent
    made = evaluate(enable=True, credentials={"database-url": f"{store}/url"})
    assert any("services.orchd.credentials.database-url is in the Nix store" in message for message in made["failed"])


def build_configuration(made: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs what a NixOS build runs to make the configuration file, `folder/out`."""
    environment = {"PATH": os.environ["PATH"], "out": str(folder / "out")}
    script = ["bash", "-euc", made["check"]]
    return subprocess.run(script, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_settings_are_checked_while_building(evaluate: Evaluate, tmp_path: Path) -> None:
    built = build_configuration(evaluate(enable=True, settings={"server": {"port": 4300}}), tmp_path)
    assert built.returncode == 0, built.stderr
    assert json.loads((tmp_path / "out").read_text()) == {"server": {"port": 4300}}


def test_a_wrong_setting_fails_the_build_and_is_named(evaluate: Evaluate, tmp_path: Path) -> None:
    built = build_configuration(evaluate(enable=True, settings={"server": {"prot": 4300}}), tmp_path)
    assert built.returncode == 78
    assert "server.prot" in built.stderr
    assert not (tmp_path / "out").exists()


def test_settings_that_name_a_credential_can_be_built_without_it(evaluate: Evaluate, tmp_path: Path) -> None:
    options = {"settings": {"database": {"url_file": "database-url"}}, "credentials": {"database-url": "/run/keys/url"}}
    built = build_configuration(evaluate(enable=True, **options), tmp_path)
    assert built.returncode == 0, built.stderr


def test_the_additions_fit_the_unit_of_the_package(
    evaluate: Evaluate, nix: Callable[..., str], box: Box, tmp_path: Path
) -> None:
    made = evaluate(enable=True, settings={"control": {"group": "operators"}}, credentials={"url": "/run/keys/url"})
    shipped = package_units(nix, Path("/opt/orchd"), tmp_path)
    folder = "/srv/nixos"
    box.put(shipped, folder)
    box.write(f"{folder}/orchd.service.d/overrides.conf", made["additions"])
    checked = box.attempt("systemd-analyze", "verify", "--man=no", f"{folder}/orchd.service")
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    assert "ExecStart=/opt/orchd/bin/orchd " in (shipped / "orchd.service").read_text()


def package_units(nix: Callable[..., str], out: Path, folder: Path) -> Path:
    """The units as the package's `postInstall` leaves them, when it were installed in `out`."""
    recipe = json.loads(nix("--eval", "--strict", "--json", HERE / "package.nix"))["postInstall"]
    substitute = 'substituteInPlace() { grep -q "$3" "$1" && sed -i "s#$3#${4/#$out/$final}#g" "$1"; }'
    environment = {**os.environ, "out": str(folder / "out"), "final": str(out)}
    run(["bash", "-euc", f"{substitute}\n{recipe}"], cwd=REPOSITORY, env=environment)
    return folder / "out/lib/systemd/system"


def test_the_package_needs_what_the_project_says(nix: Callable[..., str]) -> None:
    package = json.loads(nix("--eval", "--strict", "--json", HERE / "package.nix"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[\[<>=~! ]", requirement)[0] for requirement in project["dependencies"]}
    assert needed | {"greenlet"} == set(package["dependencies"])
    assert package["version"] == project["version"]


def test_the_flake_offers_package_overlay_and_module(nix: Callable[..., str]) -> None:
    offered = json.loads(nix("--eval", "--strict", "--json", HERE / "package.nix"))
    assert offered["systems"] == ["aarch64-linux", "x86_64-linux"]
    assert offered["overlay"] == "orchd"
    assert offered["module"] == str(REPOSITORY / "packaging/nix/module.nix")
