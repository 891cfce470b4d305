"""Which key seals the secrets in blocks."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from orchd.config import load
from orchd.config.settings import Settings
from orchd.domain.secrets import KeyMissing, key_path, opened, vault


def settings(folder: Path, text: str) -> Settings:
    file = folder / "orchd.yaml"
    file.write_text(text)
    return load(file).settings


def sqlite(folder: Path, more: str = "") -> Settings:
    return settings(folder, f"database: {{url: 'sqlite:///{folder}/data/orchd.db'}}\n{more}")


def test_a_configured_key_is_used_and_none_is_made(tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    sealed = vault(sqlite(tmp_path, f"encryption: {{key: '{key}'}}"), {}).seal(b"x")
    assert Fernet(key).decrypt(sealed) == b"x"
    assert not (tmp_path / "data").exists()


def test_without_one_a_key_is_made_beside_the_database(tmp_path: Path) -> None:
    chosen = sqlite(tmp_path)
    sealed = vault(chosen, {}).seal(b"x")
    assert Fernet((tmp_path / "data" / "encryption.key").read_bytes().strip()).decrypt(sealed) == b"x"
    assert vault(chosen, {}).open(sealed) == b"x"


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"STATE_DIRECTORY": "/var/lib/orchd:/var/lib/more", "HOME": "/home/u"}, "/var/lib/orchd/encryption.key"),
        ({"XDG_STATE_HOME": "/state"}, "/state/orchd/encryption.key"),
        ({"HOME": "/home/u"}, "/home/u/.local/state/orchd/encryption.key"),
    ],
)
def test_with_postgresql_it_is_in_the_state_directory(tmp_path: Path, environment: dict[str, str], path: str) -> None:
    chosen = settings(tmp_path, "database: {url: 'postgresql://u@localhost/orchd'}")
    assert key_path(chosen, environment) == Path(path)


def test_a_file_that_holds_no_key_is_named(tmp_path: Path) -> None:
    chosen = sqlite(tmp_path)
    vault(chosen, {})
    (tmp_path / "data" / "encryption.key").write_text("broken")
    with pytest.raises(KeyMissing, match="holds no encryption key"):
        vault(chosen, {})


def test_a_place_where_no_key_can_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(KeyMissing, match="cannot be read or made"):
        vault(sqlite(tmp_path), {})


def test_data_sealed_with_another_key_say_what_to_do(tmp_path: Path) -> None:
    chosen = sqlite(tmp_path)
    sealed = vault(chosen, {}).seal(b"x")
    (tmp_path / "data" / "encryption.key").unlink()
    with pytest.raises(KeyMissing, match="'mine' was sealed with another encryption key"):
        opened(vault(chosen, {}), sealed, "mine")
