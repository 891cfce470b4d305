"""Durations, sizes, addresses: what is written, and what it means."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from orchd.config.values import (
    DatabaseUrl,
    Secret,
    parse_database_url,
    parse_duration,
    parse_fernet_key,
    parse_file_mode,
    parse_http_url,
    parse_path,
    parse_size,
    parse_socket_path,
)

KEY = base64.urlsafe_b64encode(bytes(range(224, 256))).decode()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0s", timedelta()),
        ("90s", timedelta(seconds=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("10m", timedelta(minutes=10)),
        ("1h30m", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
        ("1d2h3m4s5ms", timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)),
    ],
)
def test_durations(text: str, meant: timedelta) -> None:
    assert parse_duration(text) == meant


@pytest.mark.parametrize(
    "text", ["", "10", "s", "-5s", "1.5h", "10 s", "30m1h", "5s5s", "1w", "10S", "٣s", "9" * 99 + "s"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "meant"), [("0B", 0), ("512B", 512), ("512KiB", 512 << 10), ("16MiB", 16 << 20), ("2GiB", 2 << 30)]
)
def test_sizes(text: str, meant: int) -> None:
    assert parse_size(text) == meant


@pytest.mark.parametrize("text", ["", "16", "16MB", "16M", "1.5GiB", "-1B", "16 MiB", "16mib", "MiB", "9" * 99 + "B"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:////var/lib/orchd/orchd.db", Path("/var/lib/orchd/orchd.db")),
        ("sqlite+aiosqlite:////var/lib/orchd.db", Path("/var/lib/orchd.db")),
        ("sqlite:///orchd.db", Path.cwd() / "orchd.db"),
    ],
)
def test_the_url_of_an_sqlite_file(text: str, path: Path) -> None:
    url = parse_database_url(text)
    assert url.is_sqlite
    assert url.path == path
    assert url.plain == f"sqlite:///{path}"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("postgresql://orchd@db:5432/flows", "postgresql://orchd@db:5432/flows"),
        ("postgresql+asyncpg://orchd@db/flows", "postgresql://orchd@db/flows"),
        ("postgres://orchd:s%40cret@[::1]:5433/flows", "postgresql://orchd:s%40cret@[::1]:5433/flows"),
        ("postgresql://orchd@/flows?host=/run/postgresql", "postgresql://orchd@/flows?host=/run/postgresql"),
        ("postgresql:///flows?host=/run/postgresql", "postgresql:///flows?host=/run/postgresql"),
        ("postgresql://db/flows?sslmode=require", "postgresql://db/flows?sslmode=require"),
        ("postgresql+asyncpg://db/flows?ssl=require", "postgresql://db/flows?sslmode=require"),
    ],
)
def test_the_url_of_a_postgresql_database(text: str, plain: str) -> None:
    url = parse_database_url(text)
    assert not url.is_sqlite
    assert url.plain == plain


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no ://"),
        ("/var/lib/orchd.db", "no ://"),
        ("mysql://orchd@db/flows", "not supported"),
        ("postgresql+oracle://orchd@db/flows", "not supported"),
        ("sqlite://", "three slashes"),
        ("sqlite://orchd.db", "three slashes"),
        ("sqlite:///", "three slashes"),
        ("sqlite:///:memory:", "plain file"),
        ("sqlite:////x.db?mode=ro", "plain file"),
        ("postgresql://orchd@db:port/flows", "port"),
        ("postgresql://orchd@db:0/flows", "port"),
        ("postgresql://orchd@db:70000/flows", "port"),
        ("postgresql://orchd@[::1/flows", "host"),
        ("postgresql:///flows", "host is missing"),
        ("postgresql://orchd@db", "name of the database"),
        ("postgresql://orchd@db/", "name of the database"),
        ("postgresql://orchd@db/a/b", "name of the database"),
        ("postgresql://orchd:a#b@db/flows", "port|%23"),
        ("postgresql://orchd@db/flows?pool_size=4", "'pool_size' is not known"),
    ],
)
def test_a_database_url_that_cannot_be_used_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_database_url(text)


@pytest.mark.parametrize("password", ["hunter2", "p%40ss", "p@ss", "a:b"])
def test_a_password_never_shows(password: str) -> None:
    url = parse_database_url(f"postgresql://orchd:{password}@db:5432/flows")
    assert password in url.plain
    assert str(url) == "postgresql://orchd:***@db:5432/flows"
    assert repr(url) == "DatabaseUrl('postgresql://orchd:***@db:5432/flows')"


@pytest.mark.parametrize("text", ["postgresql://db:5432/flows", "postgresql://orchd@db:5432/flows"])
def test_an_address_without_a_password_is_shown_whole(text: str) -> None:
    assert str(parse_database_url(text)) == text


def test_a_secret_is_a_text_that_does_not_show() -> None:
    secret = Secret("user:hunter2")
    assert secret == "user:hunter2"
    assert repr(secret) == repr([secret])[1:-1] == "'***'"
    assert "hunter2" not in repr(DatabaseUrl("postgresql", dsn="postgresql://orchd:hunter2@db/flows"))


def test_a_fernet_key_has_32_bytes() -> None:
    assert parse_fernet_key(KEY) == KEY
    with pytest.raises(ValueError, match="31 bytes, not 32"):
        parse_fernet_key(base64.urlsafe_b64encode(bytes(31)).decode())


@pytest.mark.parametrize("text", ["key", "ä" * 44, KEY + "\n", KEY.replace("-", "+").replace("_", "/")])
def test_a_fernet_key_is_in_urlsafe_base64(text: str) -> None:
    with pytest.raises(ValueError, match="not in URL-safe base64"):
        parse_fernet_key(text)


@pytest.mark.parametrize(("text", "mode"), [("0660", 0o660), ("600", 0o600), ("0777", 0o777)])
def test_a_file_mode_is_octal(text: str, mode: int) -> None:
    assert parse_file_mode(text) == mode


@pytest.mark.parametrize("text", ["", "0o660", "888", "66", "06600", "rw-rw----"])
def test_what_is_no_file_mode(text: str) -> None:
    with pytest.raises(ValueError, match="no file mode"):
        parse_file_mode(text)


def test_a_relative_path_counts_from_the_working_directory() -> None:
    assert parse_path("orchd.sock") == Path.cwd() / "orchd.sock"


def test_a_tilde_is_the_home_directory(home: Path) -> None:
    assert parse_path("~/orchd.sock") == home / "orchd.sock"


@pytest.mark.parametrize("text", ["", "a\0b", "~nobody-of-this-name/x"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match=r"no path|not known"):
        parse_path(text)


def test_the_path_of_a_socket_is_short() -> None:
    assert parse_socket_path("/" + "x" * 106) == Path("/" + "x" * 106)
    with pytest.raises(ValueError, match="at most 107 bytes"):
        parse_socket_path("/" + "ä" * 54)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://orchd.example.org/", "https://orchd.example.org"),
        ("http://[::1]:8080/flows", "http://[::1]:8080/flows"),
    ],
)
def test_the_address_of_a_site(text: str, meant: str) -> None:
    assert parse_http_url(text) == meant


@pytest.mark.parametrize(
    "text", ["", "orchd.example.org", "ftp://x", "https://", "https://u:p@x", "https://x?a=1", "http://[x"]
)
def test_what_is_no_address_of_a_site(text: str) -> None:
    with pytest.raises(ValueError):
        parse_http_url(text)
