"""What is wrong with a file is said with line, column, key, what was found and what is allowed."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchd.config import document, load, validation
from orchd.errors import ConfigError
from tests.config.conftest import Refused, Write

assert document, validation  # imported before anything is read without privileges

DURATION = 'a duration such as "90s", "10m", "1h30m" or "7d"'
NOBODY = 65534
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            "server:\n  port: many\n",
            '2:9: server.port: found "many"; allowed is a whole number from 1 to 65535.',
            id="a word for a number",
        ),
        pytest.param(
            "server:\n  port: 65536\n",
            "2:9: server.port: found the number 65536; allowed is a whole number from 1 to 65535.",
            id="a port out of range",
        ),
        pytest.param(
            "server: {port: 4200.0}",
            "1:16: server.port: found the number 4200.0; allowed is a whole number from 1 to 65535.",
            id="a broken number",
        ),
        pytest.param(
            "server: {port: true}",
            "1:16: server.port: found true; allowed is a whole number from 1 to 65535.",
            id="a boolean for a number",
        ),
        pytest.param(
            "ui: {enabled: yes}",
            '1:15: ui.enabled: found "yes"; allowed is true or false.',
            id="a word for a boolean",
        ),
        pytest.param(
            "logging:\n  level: loud\n",
            '2:10: logging.level: found "loud"; allowed is one of debug, info, warning, error.',
            id="a word that is none of the choices",
        ),
        pytest.param(
            "database: {timeout: 10}",
            f"1:21: database.timeout: found the number 10; allowed is {DURATION}, from 100ms to 1h.",
            id="a number for a duration",
        ),
        pytest.param(
            "database: {timeout: 2h}",
            f'1:21: database.timeout: found "2h"; allowed is {DURATION}, from 100ms to 1h.',
            id="a duration out of bounds",
        ),
        pytest.param(
            "server: {limits: {body: 16MB}}",
            '1:25: server.limits.body: found "16MB" (this is no size); '
            'allowed is a size such as "512KiB" or "16MiB", from 64KiB to 1GiB.',
            id="a size in other units",
        ),
        pytest.param(
            "server: {host: ''}",
            '1:16: server.host: found ""; allowed is a text of 1 to 253 characters.',
            id="an empty text",
        ),
        pytest.param(
            "server: [4200]", "1:9: server: found a list; allowed is a mapping of options.", id="a list for a section"
        ),
        pytest.param(
            "server:\n", "1:8: server: found nothing (null); allowed is a mapping of options.", id="an empty section"
        ),
        pytest.param("- server", "1:1: found a list; allowed is a mapping of options.", id="a list for everything"),
        pytest.param("4200", "1:1: found a number; allowed is a mapping of options.", id="a number for everything"),
    ],
)
def test_a_value_that_does_not_fit(refused: Refused, text: str, line: str) -> None:
    assert refused(text) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("server: {prot: 1}", "1:10: server.prot: no such option; did you mean server.port?", id="a slip"),
        pytest.param("sever: {port: 1}", "1:1: sever: no such option; did you mean server?", id="in a section's name"),
        pytest.param("port: 1", "1:1: port: no such option; did you mean server.port?", id="outside its section"),
        pytest.param(
            "server: {synchronous: FULL}",
            "1:10: server.synchronous: no such option; did you mean database.sqlite.synchronous?",
            id="in another section",
        ),
        pytest.param("ui: {colour: red}", "1:6: ui.colour: no such option; here are enabled.", id="nothing like it"),
        pytest.param("ui: {1: red}", "1:6: ui.1: no such option; here are enabled.", id="a number"),
        pytest.param("ui: {'': red}", "1:6: ui.: no such option; here are enabled.", id="nothing at all"),
        pytest.param(
            'ui: {"\\e[2J": 1}', "1:6: ui.\\x1b[2J: no such option; here are enabled.", id="a terminal's code"
        ),
    ],
)
def test_an_unknown_option_comes_with_what_may_have_been_meant(refused: Refused, text: str, line: str) -> None:
    assert refused(text) == [line]


def test_all_faults_are_told_at_once_in_the_order_of_the_file(refused: Refused) -> None:
    text = "server:\n  port: 0\n  prot: 1\nlogging:\n  level: loud\nserver: {}\nuii: {}\n"
    assert [line.split(" ")[0:2] for line in refused(text)] == [
        ["5:10:", "logging.level:"],
        ["6:1:", "server:"],
        ["7:1:", "uii:"],
    ]


def test_a_value_that_breaks_two_rules_is_one_fault(refused: Refused) -> None:
    assert len(refused(f"server: {{base_path: {'no-slash' * 30}}}")) == 1


def test_a_long_value_is_not_repeated_whole(refused: Refused) -> None:
    assert len(refused(f"logging: {{level: {'loud' * 10_000}}}")[0]) < 200


def test_a_duplicate_key_names_the_line_of_the_first(refused: Refused) -> None:
    text = "server:\n  port: 4200\n  host: '::'\n  port: 4300\n"
    assert refused(text) == ["4:3: server.port: given twice; the first is in line 2."]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("server:\n\tport: 1\n", "2:1: a tab stands here; YAML is indented with spaces.", id="a tab"),
        pytest.param(
            "server:\n  \tport: 1\n", "2:3: a tab stands here; YAML is indented with spaces.", id="and spaces"
        ),
        pytest.param("server: {port: 1", "2:1: this is no YAML", id="an open brace"),
        pytest.param("server: 'x", "1:11: this is no YAML", id="an open quote"),
        pytest.param("server: @x", "1:9: this is no YAML", id="a reserved character"),
        pytest.param("ui: {}\nx: \x01", "2:4: the control character U+0001 is not allowed.", id="a control character"),
        pytest.param("ui: {}\n---\nui: {}", "2:1: a second document begins here", id="two documents"),
        pytest.param("ui: {[a]: 1}", "1:6: a key must be plain text.", id="a list for a key"),
        pytest.param(
            "ui: !!python/object/apply:os.system [id]", "1:5: tags (`!…`) are not allowed", id="a Python object"
        ),
        pytest.param("ui: !!python/name:os.system", "1:5: tags (`!…`) are not allowed", id="a Python name"),
        pytest.param("ui: {enabled: !secret x}", "1:15: tags (`!…`) are not allowed", id="an application's tag"),
        pytest.param("ui: *nothing", "1:5: the alias (`*…`) refers to nothing", id="an alias of nothing"),
        pytest.param("ui: &a {x: *a}", "1:12: the alias (`*…`) refers to nothing", id="an alias of itself"),
    ],
)
def test_what_is_no_yaml_for_orchd(refused: Refused, text: str, line: str) -> None:
    (found,) = refused(text)
    assert found.startswith(line)


@pytest.mark.parametrize("text", ["", "\n\n", "# server:\n#   port: 4200\n", "---\n", "~", "null\n", "\ufeff"])
def test_an_empty_file_says_what_to_write(refused: Refused, text: str) -> None:
    (line,) = refused(text)
    assert line.startswith("1:1: the file is empty. Write at least one section, such as `server: {port: 4200}`")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 500_000, id="lists"),
        pytest.param("".join(" " * n + "a:\n" for n in range(600)), id="mappings"),
    ],
)
def test_deep_nesting_is_refused_where_it_becomes_too_deep(refused: Refused, text: str) -> None:
    (line,) = refused(text)
    assert "nested more than 32 deep" in line


def test_an_alias_bomb_is_refused_before_it_grows(refused: Refused) -> None:
    (line,) = refused(BOMB)
    assert line.startswith("4:")
    assert "more than 10000 values up to here" in line


def test_many_values_are_refused(refused: Refused) -> None:
    (line,) = refused(f"x: [{'1,' * 100_000}]")
    assert "more than 10000 values up to here" in line


def test_aliases_within_reason_are_welcome(write: Write) -> None:
    settings = load(write("services: {late_runs: {every: &e 9s}, pause_expiry: {every: *e}}")).settings
    assert settings.services.late_runs.every == settings.services.pause_expiry.every
    assert settings.services.late_runs.every.total_seconds() == 9


def test_a_fault_below_an_alias_has_the_place_of_the_alias(refused: Refused) -> None:
    text = "services:\n  late_runs: &late {batch: 0}\n  pause_expiry: *late\n"
    assert [line.split(": ")[0:2] for line in refused(text)] == [
        ["2:28", "services.late_runs.batch"],
        ["3:17", "services.pause_expiry.batch"],
    ]


@pytest.mark.parametrize(
    ("content", "place"),
    [(b"\xff\xfe", "1:1"), (b"server:\n  host: caf\xe9\n", "2:12"), ("server: {}".encode("utf-16"), "1:1")],
)
def test_what_is_not_utf8_has_a_place(refused: Refused, content: bytes, place: str) -> None:
    (line,) = refused(content)
    assert line.startswith(f"{place}: byte 0x")
    assert line.endswith("is not UTF-8.")


def test_ten_megabytes_are_refused_unread(refused: Refused) -> None:
    (line,) = refused(b"server: {port: 4200}\n" * 500_000)
    assert line == "the file is larger than 1 MiB, which no configuration of orchd is."


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.yaml: cannot be read: No such file or directory\."):
        load(tmp_path / "missing.yaml")


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory\."):
        load(tmp_path)


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user who may not read everything, also when the tests run as root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_that_may_not_be_read(write: Write) -> None:
    file = write("server: {port: 4200}")
    file.chmod(0)
    with unprivileged(), pytest.raises(ConfigError, match=r"cannot be read: Permission denied\."):
        load(file)


WORDS = "server port database url auth : - { } [ ] , &a *a ! ? ' \" | > # % @ --- ... << 4200 1e999 ~ 30s"
BLANKS = ["\n", "\n  ", " ", "\t", "\0", "\ufeff", "\U0001f600"]
SNIPPETS = st.sampled_from([*WORDS.split(" "), *BLANKS])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40) | st.lists(SNIPPETS, max_size=20).map(lambda parts: "".join(parts).encode()))
def test_whatever_a_file_holds_it_is_valid_or_told_with_its_place(write: Write, content: bytes) -> None:
    file = write(content)
    said = ""
    try:
        load(file)
    except ConfigError as error:
        said = error.message
    assert re.fullmatch(rf"({re.escape(str(file))}:\d+:\d+: \S.*\n?)*", said)


def test_words_of_older_yaml_stay_words(write: Write) -> None:
    """`no` is a country and `on` a name; 1:30 is no number of seconds."""
    for word in ("no", "on", "off", "1:30", "0x10", "0o17", "1_000", "2026-01-01", ".inf", "="):
        assert load(write(f"server: {{host: {word}}}")).settings.server.host == word
