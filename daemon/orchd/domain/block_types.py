"""What a change of a block type means."""

from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID

from msgspec.structs import asdict, replace

from orchd.db import Tx
from orchd.domain import events
from orchd.errors import Conflict, Forbidden, NotFound
from orchd.kit.ids import uuid7
from orchd.queries import block_types as query
from orchd.wire.base import changes
from orchd.wire.block_types import PROTECTED, BlockType, BlockTypeCreate, BlockTypeUpdate

_DOCS = "https://docs.prefect.io/latest"
SYSTEM = (
    BlockTypeCreate(
        name="Secret",
        slug="secret",
        documentation_url=f"{_DOCS}/develop/blocks",
        description="One confidential value, kept encrypted and masked wherever it is shown.",
    ),
    BlockTypeCreate(
        name="Webhook",
        slug="webhook",
        documentation_url=f"{_DOCS}/automate/events/webhook-triggers",
        description="An address that is called when something happens.",
    ),
    BlockTypeCreate(
        name="Local File System",
        slug="local-file-system",
        documentation_url=f"{_DOCS}/develop/results",
        description="A folder of the machine that a flow runs on, for results and other files.",
    ),
)
"""The types that are there from the start; clients complete what is shown of them."""


def read(tx: Tx, key: UUID | str) -> BlockType:
    """The type with that id or slug. Raises NotFound."""
    found = query.by_id(tx, key) if isinstance(key, UUID) else query.by_slug(tx, key)
    if found is None:
        raise NotFound("Block type not found")
    return found


def install_system(tx: Tx, now: datetime) -> None:
    """Registers the types of every server that are missing."""
    for new in SYSTEM:
        _insert(tx, new, now)


def create(tx: Tx, new: BlockTypeCreate, now: datetime) -> BlockType:
    """A new type. Raises Conflict when its slug is taken, Forbidden for a reserved name."""
    if new.name.lower().startswith("prefect"):
        raise Forbidden("Block type names beginning with 'Prefect' are reserved.")
    made = _insert(tx, new, now)
    if made is None:
        raise Conflict(f'Block type with name "{new.name}" already exists')
    return made


def update(tx: Tx, id: UUID, patch: BlockTypeUpdate, now: datetime) -> None:
    """Changes what is shown of a type; what is so already changes nothing. Raises NotFound."""
    present = read(tx, id)
    wanted = changes(patch)
    if any(getattr(present, name) != value for name, value in wanted.items()):
        query.change(tx, id, {**wanted, "updated": now})
        _tell(tx, "updated", replace(present, **wanted), now)


def delete(tx: Tx, id: UUID, now: datetime) -> None:
    """Deletes a type with its schemas and documents. Raises NotFound, Forbidden."""
    present = read(tx, id)
    if present.is_protected:
        raise Forbidden("protected block types cannot be deleted.")
    query.remove(tx, id)
    _tell(tx, "deleted", present, now)


def _insert(tx: Tx, new: BlockTypeCreate, now: datetime) -> BlockType | None:
    """None when the slug is taken. What pages show as text is made harmless in them."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "created": now,
        "updated": now,
        **asdict(new),
        "description": _harmless(new.description),
        "code_example": _harmless(new.code_example),
        "is_protected": new.slug in PROTECTED,
    }
    if not query.insert_new(tx, values):
        return None
    made = BlockType(**values)
    _tell(tx, "created", made, now)
    return made


def _harmless(text: str | None) -> str | None:
    return None if text is None else escape(text, quote=False)


def _tell(tx: Tx, action: str, shown: BlockType, now: datetime) -> None:
    payload = {name: value for name, value in asdict(shown).items() if name not in ("id", "created", "updated")}
    events.emit(tx, events.object_changed("block-type", action, shown.id, shown.name, payload, now), now)
