"""The reference page of the configuration, `docs/configuration.md`, made from the schema."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orchd.config.phrases import allowed
from orchd.config.schema import Option, schema

_INTRODUCTION = """\
# Configuration

<!-- Made by `orchd schema --markdown` from config/schema.json; change it there. -->

orchd reads one YAML file. `orchd --config FILE` names it; otherwise it is `orchd.yaml` in `$CONFIGURATION_DIRECTORY`
(set by systemd), else `/etc/orchd/orchd.yaml`. Without any file orchd runs with the defaults below: SQLite in the state
directory, http://127.0.0.1:4200. Only what differs from a default has to be written:

```yaml
server:
  host: 0.0.0.0
database:
  url_file: database-url   # a systemd credential
auth:
  auth_string_file: /etc/orchd/auth-string
services:
  retention: {events: 30d}
```

- `orchd check-config FILE` says everything that is wrong with a file, each with line and column, and exits with 78
  then, else with 0. `orchd show-config` shows the values in force, and where each comes from.
- After a change: `systemctl reload orchd` or `orchctl config reload` applies at once what is marked *reload* and names
  what awaits a restart. A file that is not valid changes nothing.
- Durations are written `90s`, `10m`, `1h30m`, `7d` or `250ms`; sizes `512KiB`, `16MiB` or `1GiB`. Of words only `true`
  and `false` are booleans.
- A secret is given in a file of its own, and the option that ends in `_file` names it: by its path, or by the name of a
  credential (LoadCredential in the unit). No command shows a secret.
- Several daemons on one machine: `orchd@NAME.service` reads `/etc/orchd/NAME.yaml`.
"""


def markdown() -> str:
    """The page."""
    return "\n".join([_INTRODUCTION, *_section((), schema())]).rstrip() + "\n"


def _section(key: tuple[str, ...], spec: Mapping[str, Any]) -> Iterator[str]:
    if key:
        yield f"{'#' * min(len(key) + 1, 4)} `{'.'.join(key)}`\n"
        yield f"{spec['description']}\n"
    for name, inner in spec["properties"].items():
        if "properties" not in inner:
            yield _option(Option((*key, name), inner))
    for name, inner in spec["properties"].items():
        if "properties" in inner:
            yield from _section((*key, name), inner)


def _option(option: Option) -> str:
    change = "reload" if option.live else "restart"
    secret = " Secret." if option.secret else ""
    default = json.dumps(option.default) if not isinstance(option.default, str) else option.default
    kind = allowed(option.spec)
    return (
        f"**`{option.key[-1]}`**: {kind}. Default `{default}`; a change takes a *{change}*.{secret}\\\n"
        f"{option.spec['description']}\n"
    )
