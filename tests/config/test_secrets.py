"""Secrets stand in files of their own, and are shown nowhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchd.config import Loaded, effective, load
from orchd.errors import ConfigError
from tests.config.conftest import Refused, Write

SECRET = "hunter2"
ADDRESS = f"postgresql://orchd:{SECRET}@db:5432/flows"


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which systemd shows a service its credentials."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def test_a_relative_name_is_a_credential(credentials: Path, loaded: Callable[[str], Loaded]) -> None:
    (credentials / "database-url").write_text(f"{ADDRESS}\n")
    found = loaded("database: {url_file: database-url}")
    assert found.settings.database.url.plain == ADDRESS
    assert found.origins["database.url"] == "credential database-url"


def test_a_path_from_the_root_is_read_as_it_is(tmp_path: Path, loaded: Callable[[str], Loaded]) -> None:
    file = tmp_path / "auth"
    file.write_text(f"admin:{SECRET}")
    found = loaded(f"auth: {{auth_string_file: {file}}}")
    assert found.settings.auth.auth_string == f"admin:{SECRET}"
    assert found.origins["auth.auth_string"] == f"file {file}"


def test_a_null_secret_beside_a_file_is_none(credentials: Path, loaded: Callable[[str], Loaded]) -> None:
    (credentials / "auth").write_text("a:b")
    assert loaded("auth: {auth_string: null, auth_string_file: auth}").settings.auth.auth_string == "a:b"


def test_a_secret_and_its_file_exclude_each_other(refused: Refused) -> None:
    assert refused(f"auth:\n  auth_string: a:{SECRET}\n  auth_string_file: /nowhere\n") == [
        "3:21: auth.auth_string_file: both auth_string and auth_string_file are given; only one of them may be."
    ]


def test_a_missing_file_is_named(credentials: Path, refused: Refused) -> None:
    assert refused("database: {url_file: database-url}\nauth: {auth_string_file: /nowhere/auth}") == [
        f"1:22: database.url_file: {credentials}/database-url cannot be read: No such file or directory.",
        "2:26: auth.auth_string_file: /nowhere/auth cannot be read: No such file or directory.",
    ]


def test_a_credential_outside_systemd_is_explained(refused: Refused) -> None:
    (line,) = refused("database: {url_file: database-url}")
    assert "the credential database-url is looked up in $CREDENTIALS_DIRECTORY, which is not set" in line


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "is empty", id="nothing"),
        pytest.param(b" \n\n", "is empty", id="blanks"),
        pytest.param(b"a\nb", "more than one line", id="two lines"),
        pytest.param(b"\xff\xfe" + SECRET.encode(), "is not UTF-8", id="bytes"),
        pytest.param(SECRET.encode() * 20_000, "larger than 64 KiB", id="far too much"),
        pytest.param(b"mysql://orchd:hunter2@db/flows", "found a text (the database or driver is not", id="no url"),
        pytest.param(b"postgresql://orchd:hunter2@db:x/flows", "the port (1 to 65535)", id="no port"),
    ],
)
def test_a_file_without_a_usable_secret(credentials: Path, refused: Refused, content: bytes, why: str) -> None:
    (credentials / "url").write_bytes(content)
    (line,) = refused("database: {url_file: url}")
    assert line.startswith("1:22: database.url_file: ")
    assert why in line
    assert SECRET not in line


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"database: {{url: 'mysql://orchd:{SECRET}@db/flows'}}", id="a url that is not supported"),
        pytest.param(f"database: {{url: 'postgresql://orchd:{SECRET}@db/'}}", id="a url without a name"),
        pytest.param(f"database: {{url: 'postgresql://u:{SECRET}#@db/x'}}", id="a url cut short"),
        pytest.param(f"database: {{url: [{SECRET}]}}", id="a list for a url"),
        pytest.param(f"database: postgresql://orchd:{SECRET}@db/flows", id="a url for a section"),
        pytest.param(f"auth: admin:{SECRET}", id="an auth string for a section"),
        pytest.param(f"auth: {{auth_string: {SECRET * 200}}}", id="too long"),
        pytest.param(f"auth: {{auth_string: !{SECRET} x}}", id="begins like a tag"),
        pytest.param(f"auth: {{auth_string: *{SECRET}}}", id="begins like an alias"),
        pytest.param(f"auth: {{auth_string: '{SECRET}}}", id="an open quote"),
        pytest.param(f"auth: {{auth_string: @{SECRET}}}", id="begins with what is reserved"),
        pytest.param(f'auth: {{auth_string: "\\q{SECRET}"}}', id="a wrong escape"),
        pytest.param(f"encryption: {{key: {SECRET}}}", id="no key"),
        pytest.param(f"auth: {{auth_string: {SECRET}, auth_string: 1}}", id="given twice"),
    ],
)
def test_no_error_repeats_a_secret(write: Write, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(text))
    seen: BaseException | None = caught.value
    while seen is not None:
        assert SECRET not in str(seen)
        seen = seen.__cause__


def test_a_number_for_a_secret_is_not_repeated(refused: Refused) -> None:
    assert refused("auth: {auth_string: 271828}") == [
        "1:21: auth.auth_string: found a number; allowed is a text of 1 to 1024 characters, or null."
    ]


def test_effective_values_and_representations_show_no_secret(loaded: Callable[[str], Loaded]) -> None:
    found = loaded(f"database: {{url: '{ADDRESS}'}}\nauth: {{auth_string: 'admin:{SECRET}'}}")
    shown = effective(found)
    assert shown["auth.auth_string"] == "***"
    assert shown["database.url"] == "postgresql://orchd:***@db:5432/flows"
    assert SECRET not in f"{shown} {found!r} {found.settings!r} {found.origins}"


def test_a_check_while_building_lets_credentials_be_empty_and_says_so(credentials: Path, write: Write) -> None:
    (credentials / "url").touch()
    found = load(write("database: {url_file: url}"), secrets_may_be_empty=True)
    assert found.notes == ("database.url_file: the file is empty; orchd will not start until it has content.",)


def test_a_check_while_building_wants_the_credentials_to_be_there(credentials: Path, write: Write) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(write("database: {url_file: url}"), secrets_may_be_empty=True)
