"""orchctl answers at once, and completes what is typed."""

import subprocess
import sys

import pytest

from orchd.db.migrate import head
from tests.kit.servers import plain_environment
from tests.orchctl.calling import ORCHCTL, orchctl

HEAVY = ["sqlalchemy", "alembic", "aiohttp", "asyncio", "rich", "jsonschema", "yaml", "orchd.db", "orchd.config"]


def test_a_command_for_the_daemon_loads_nothing_heavy() -> None:
    script = (
        "import sys, orchctl.cli\n"
        "try: orchctl.cli.main(['--socket', '/none', 'status'])\n"
        "except SystemExit as end: assert end.code == 3\n"
        "print(*[name for name in sys.argv[1:] if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script, *HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_completion_for_each_shell(shell: str) -> None:
    done = orchctl("completion", shell)
    assert done.returncode == 0
    assert "_ORCHCTL_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        pytest.param("orchctl ", {"status", "db", "config", "services", "completion"}, id="commands"),
        pytest.param("orchctl db do", {"downgrade"}, id="the rest of a word"),
        pytest.param("orchctl db downgrade -r ", {"base", "head", "-1", head()}, id="revisions"),
    ],
)
def test_what_is_typed_is_completed(typed: str, offered: set[str]) -> None:
    words = typed.split()
    at = len(words) if typed.endswith(" ") else len(words) - 1
    wanted = plain_environment(_ORCHCTL_COMPLETE="bash_complete", COMP_WORDS=typed, COMP_CWORD=str(at))
    done = subprocess.run([ORCHCTL], env=wanted, capture_output=True, text=True, check=False)
    assert offered <= {line.partition(",")[2] for line in done.stdout.splitlines()}
