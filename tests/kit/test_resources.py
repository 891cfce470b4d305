"""Files that travel with the program."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchd.kit import resources
from orchd.kit.resources import data_path


def test_the_schema_and_the_migrations_are_found() -> None:
    assert json.loads(data_path("schema.json").read_text())["title"] == "orchd.yaml"
    assert list(data_path("migrations").glob("versions/*.py"))


def test_an_installed_package_has_its_own(tmp_path: Path) -> None:
    package = tmp_path / "orchd"
    (package / "kit").mkdir(parents=True)
    (package / "data").mkdir()
    (package / "data/schema.json").write_text("{}")
    for each in (package, package / "kit"):
        (each / "__init__.py").touch()
    shutil.copy(resources.__file__, package / "kit")
    lines = [
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})",
        "from orchd.kit.resources import data_path",
        "print(data_path('schema.json'))",
        "data_path('migrations')",
    ]
    ran = subprocess.run(
        [sys.executable, "-I", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stdout == f"{package}/data/schema.json\n"
    assert "FileNotFoundError: orchd is not installed whole" in ran.stderr


def test_nothing_else_travels() -> None:
    with pytest.raises(ValueError, match=r"'\.\./secret' does not travel"):
        data_path("../secret")
