"""From a file to settings."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from orchd.config import database_url, validation, values
from orchd.config.document import Document, Key, parse, read
from orchd.config.settings import Settings
from orchd.config.validation import dotted, options
from orchd.errors import ConfigError
from orchd.kit.resources import data_path

SECRET_FILES = {
    "database.url_file": "database.url",
    "auth.auth_string_file": "auth.auth_string",
    "encryption.key_file": "encryption.key",
}
MASK = "***"


class Loaded(Struct, frozen=True):
    """Settings, where they come from, and the values as they were written (None: nothing was)."""

    settings: Settings
    path: Path | None
    origins: dict[str, str]
    values: dict[str, Any]

    def keeping(self, old: "Loaded", keys: Iterable[str]) -> "Loaded":
        """These settings with the old values of some options: those that only a restart can change."""
        kept = {**self.values, **{key: old.values[key] for key in keys}}
        return replace(self, settings=_settings(kept, self.path), values=kept)


def schema() -> dict[str, Any]:
    """The schema, the one definition of every option."""
    found: dict[str, Any] = json.loads(data_path("schema.json").read_text())
    return found


def load(path: Path | None, environment: Mapping[str, str] | None = None, *, building: bool = False) -> Loaded:
    """Reads a configuration; without a path, the defaults.

    `building`: the file is checked where it is made, secrets may still be missing. Raises ConfigError.
    """
    document = Document("defaults", {}, {}, {}) if path is None else read(path)
    return _load(document, path, os.environ if environment is None else environment, building=building)


def load_text(text: str, name: str = "<text>", environment: Mapping[str, str] | None = None) -> Loaded:
    """Reads a configuration from text. Raises ConfigError."""
    return _load(parse(text, name), None, os.environ if environment is None else environment, building=False)


def _load(document: Document, path: Path | None, environment: Mapping[str, str], *, building: bool) -> Loaded:
    known = schema()
    if document.content and (found := validation.faults(document, known)):
        raise ConfigError("\n".join(found))
    chosen: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for key, option in options(known):
        name = dotted(key)
        given, there = _given(document.content, key)
        chosen[name] = given if there else option["default"]
        place = document.values.get(key)
        origins[name] = f"{document.name}:{place.line}" if there and place else "default"
    _read_secrets(document, chosen, origins, environment, building=building)
    _fill_places(chosen, origins, environment, path)
    return Loaded(_settings(chosen, path), path, origins, chosen)


def _given(content: Any, key: Key) -> tuple[Any, bool]:
    for step in key:
        if not isinstance(content, dict) or step not in content:
            return None, False
        content = content[step]
    return content, True


def _read_secrets(
    document: Document,
    chosen: dict[str, Any],
    origins: dict[str, str],
    environment: Mapping[str, str],
    *,
    building: bool,
) -> None:
    """Takes each secret that lies in a file of its own. A relative name is one of systemd's credentials."""
    faults: list[str] = []
    known = {dotted(key): option for key, option in options(schema())}
    for file_key, key in SECRET_FILES.items():
        name = chosen[file_key]
        if name is None:
            continue
        place = document.at(document.values.get(tuple(file_key.split("."))))
        if chosen[key] is not None:
            faults.append(f"{place}: {file_key}: {key} is given too; only one of them can hold.")
            continue
        folder = environment.get("CREDENTIALS_DIRECTORY", "")
        if not name.startswith("/") and not folder:
            if not building:
                faults.append(
                    f"{place}: {file_key}: {name!r} is the name of a credential, but systemd gave none to this "
                    f"process (LoadCredential={name}:PATH); an absolute path works without."
                )
            continue
        try:
            text = (Path(folder) / name).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            if not building:
                why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                faults.append(f"{place}: {file_key}: cannot read {str(Path(folder) / name)!r}: {why}.")
            continue
        wrong = _wrong(known[key], text)
        if wrong and not (building and not text):
            faults.append(f"{place}: {file_key}: the content of {name!r} does not fit {key}: {wrong}.")
            continue
        chosen[key] = text or None
        origins[key] = f"credential {name}" if not name.startswith("/") else name
    if faults:
        raise ConfigError("\n".join(faults))


def _wrong(option: dict[str, Any], text: str) -> str | None:
    if not text:
        return "the file is empty"
    from jsonschema import Draft202012Validator

    if not Draft202012Validator(option).is_valid(text):
        return "see the option's description"
    return validation.misread(option, text)


def _fill_places(
    chosen: dict[str, Any], origins: dict[str, str], environment: Mapping[str, str], path: Path | None
) -> None:
    """The places that depend on where orchd runs: under systemd its own folders, else the user's."""
    state = environment.get("STATE_DIRECTORY", "").split(":")[0]
    home = Path(environment.get("HOME") or "/")
    state_dir = Path(state) if state else Path(environment.get("XDG_STATE_HOME") or home / ".local/state") / "orchd"
    if chosen["database.url"] is None:
        chosen["database.url"] = f"sqlite:///{state_dir / 'orchd.db'}"
    if chosen["control.socket"] is None:
        runtime = environment.get("RUNTIME_DIRECTORY", "").split(":")[0]
        user = environment.get("XDG_RUNTIME_DIR")
        folder = Path(runtime) if runtime else Path(user) / "orchd" if user else state_dir
        chosen["control.socket"] = str(folder / "control.sock")


def _settings(chosen: dict[str, Any], path: Path | None) -> Settings:
    """Flat values as the typed tree."""
    tree: dict[str, Any] = {}
    formats = {dotted(key): option.get("format") for key, option in options(schema())}
    folder = path.absolute().parent if path else Path.cwd()
    for name, value in chosen.items():
        *sections, last = name.split(".")
        at = tree
        for section in sections:
            at = at.setdefault(section, {})
        at[last] = _typed(formats[name], value, folder)
    return msgspec.convert(tree, Settings, dec_hook=lambda kind, value: value)


def _typed(kind: str | None, value: Any, folder: Path) -> Any:
    if value is None:
        return None
    match kind:
        case "duration":
            return values.duration(value)
        case "size":
            return values.size(value)
        case "path":
            return folder / value
        case "database-url":
            return msgspec.to_builtins(database_url.parse(value, folder))
    return value


def reload_diff(old: Loaded, new: Loaded) -> tuple[list[str], list[str]]:
    """What differs: the options that change at once, and those that await a restart."""
    changed = {name for name, value in new.values.items() if value != old.values[name]}
    reloads = {dotted(key): option["x-reload"] for key, option in options(schema())}
    live = sorted(name for name in changed if reloads[name] == "live")
    return live, sorted(changed - set(live))


def effective(loaded: Loaded) -> dict[str, Any]:
    """Every option with the value in force, by its dotted name; secrets masked."""
    shown: dict[str, Any] = {}
    for key, option in options(schema()):
        name = dotted(key)
        value = loaded.values[name]
        if value is not None and name == "database.url":
            value = loaded.settings.database.url.masked
        elif value is not None and option.get("x-secret"):
            value = MASK
        shown[name] = value
    return shown
