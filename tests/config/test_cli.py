"""`orchd` as people and units call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchd import __version__
from orchd.config import manual, schema
from tests.config.conftest import Write
from tests.config.test_faults import BOMB

ORCHD = Path(sys.executable).parent / "orchd"
EX_CONFIG = 78


def orchd(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ORCHD, *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_valid_file_passes(write: Write) -> None:
    file = write("server: {port: 4300}")
    ran = orchd("check-config", file)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{file}: the configuration is valid.\n", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("server:\n\tport: 1\n", ":2:1: a tab stands here", id="a tab"),
        pytest.param("ui: {}\nui: {}\n", ":2:1: ui: given twice", id="a duplicate key"),
        pytest.param("server: {port: many}", ':1:16: server.port: found "many"', id="a wrong type"),
        pytest.param("server: {prot: 1}", ":1:10: server.prot: no such option; did you mean", id="an unknown key"),
        pytest.param("server: {port: 70000}", ":1:16: server.port: found the number 70000", id="a port out of range"),
        pytest.param(
            "database: {url_file: /nowhere}", ":1:22: database.url_file: /nowhere cannot", id="a missing file"
        ),
        pytest.param("", ":1:1: the file is empty", id="an empty file"),
        pytest.param("server: {port: 1}\n" * 600_000, ": the file is larger than 1 MiB", id="10 MB"),
        pytest.param(BOMB, ":4:", id="an alias bomb"),
        pytest.param(b"\xff", ":1:1: byte 0xff is not UTF-8", id="not UTF-8"),
        pytest.param("[" * 900_000, ":1:33: mappings and lists are nested", id="deep nesting"),
        pytest.param("ui: !!python/object/new:os.system [id]", ":1:5: tags", id="a Python object"),
    ],
)
def test_a_bad_file_is_told_and_no_more(write: Write, content: str | bytes, said: str) -> None:
    file = write(content)
    for arguments in (["check-config", file], ["--config", file], ["show-config", "--config", file]):
        ran = orchd(*arguments)
        assert ran.returncode == EX_CONFIG
        assert ran.stdout == ""
        assert ran.stderr.startswith(f"{file}{said}")
        assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(("name", "why"), [("missing.yaml", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, why: str) -> None:
    file = tmp_path / name
    for arguments in (["check-config", file], ["--config", file]):
        ran = orchd(*arguments)
        assert ran.returncode == EX_CONFIG
        assert ran.stderr == f"{file}: cannot be read: {why}.\n"


def test_an_empty_credential_passes_the_check_but_not_the_start(write: Write, tmp_path: Path) -> None:
    (tmp_path / "database-url").touch()
    file = write("database: {url_file: database-url}")
    checked = orchd("check-config", file, CREDENTIALS_DIRECTORY=str(tmp_path))
    assert checked.returncode == 0
    assert "database.url_file: the file is empty" in checked.stderr
    started = orchd("--config", file, CREDENTIALS_DIRECTORY=str(tmp_path))
    assert started.returncode == EX_CONFIG
    assert "database.url_file: the file database-url is empty" in started.stderr


def test_effective_values_are_shown_with_their_origins(write: Write, tmp_path: Path) -> None:
    file = write("server:\n  port: 4300\nauth: {auth_string: 'admin:hunter2'}\n")
    for arguments in (["show-config", "--config", file], ["--config", file, "show-config"]):
        ran = orchd(*arguments, STATE_DIRECTORY=str(tmp_path))
        rows = {line.split()[0]: line.split()[1:] for line in ran.stdout.splitlines() if line}
        assert ran.returncode == 0
        assert rows["#"] == [str(file)]
        assert rows["server.port"] == ["4300", f"{file}:2"]
        assert rows["auth.auth_string"] == ["***", f"{file}:3"]
        assert rows["server.unix_socket"] == ["null", "default"]
        assert rows["ui.enabled"] == ["true", "default"]
        assert rows["database.url"] == [f"sqlite:///{tmp_path}/orchd.db", "default"]


def test_effective_values_are_shown_to_programs(write: Write) -> None:
    file = write("server: {port: 4300}")
    shown = json.loads(orchd("show-config", "--config", file, "--json").stdout)
    assert shown["file"] == str(file)
    assert shown["options"]["server.port"] == {"value": 4300, "origin": f"{file}:1"}
    assert shown["options"]["logging.level"] == {"value": "info", "origin": "default"}


def test_the_usual_file_is_found(write: Write, tmp_path: Path) -> None:
    write("server: {port: 4300}")
    ran = orchd("show-config", "--json", CONFIGURATION_DIRECTORY=str(tmp_path))
    assert json.loads(ran.stdout)["options"]["server.port"]["value"] == 4300


def test_the_schema_is_printed() -> None:
    assert json.loads(orchd("schema").stdout) == schema()


def test_the_reference_page_is_printed() -> None:
    assert orchd("schema", "--markdown").stdout == manual.markdown()


def test_the_version_is_printed() -> None:
    assert orchd("--version").stdout == f"orchd {__version__}\n"


def test_looking_at_a_configuration_loads_nothing_of_the_daemon() -> None:
    code = "import sys, orchd.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    heavy = {"aiohttp", "sqlalchemy", "alembic", "asyncpg", "jsonschema", "yaml", "rich"}
    assert heavy & set(loaded.stdout.split()) == set()
