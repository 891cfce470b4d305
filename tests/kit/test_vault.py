"""Sealing, and the file that a key is kept in."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from orchd.kit.vault import CannotOpen, Vault, kept_key


def test_what_was_sealed_is_opened_with_the_same_key_only() -> None:
    key = Fernet.generate_key()
    sealed = Vault(key).seal(b"secret")
    assert "secret" not in sealed
    assert Vault(key).open(sealed) == b"secret"
    with pytest.raises(CannotOpen):
        Vault(Fernet.generate_key()).open(sealed)


def test_what_was_changed_is_not_opened() -> None:
    vault = Vault(Fernet.generate_key())
    sealed = vault.seal(b"secret")
    with pytest.raises(CannotOpen):
        vault.open(sealed[:-4] + "AAA=")


@pytest.mark.parametrize("key", ["", "short", "x" * 44])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError):
        Vault(key)


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "key"
    key, made = kept_key(path)
    assert made
    assert kept_key(path) == (key, False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["key"]


def test_of_several_that_make_a_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: kept_key(tmp_path / "key"), range(32)))
    assert len({key for key, _ in found}) == 1
    assert sum(made for _, made in found) == 1
