"""Identifiers: UUIDv7 (RFC 9562), so that keys made one after another lie beside each other in an index."""

import os
import time
from uuid import UUID, SafeUUID

_UNKNOWN = SafeUUID.unknown
_new = UUID.__new__
_set = object.__setattr__


def uuid_from_int(value: int) -> UUID:
    """A UUID from its 128-bit integer, three times as fast as `UUID(int=...)`: a page of runs makes thousands."""
    made = _new(UUID)
    _set(made, "int", value)
    _set(made, "is_safe", _UNKNOWN)
    return made


def uuid_from_bytes(value: bytes) -> UUID:
    """A UUID from its 16 bytes, most significant first."""
    return uuid_from_int(int.from_bytes(value, "big"))


def uuid_text(value: bytes) -> str:
    """The text of a UUID from its 16 bytes, for answers: without the object between."""
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid7() -> UUID:
    """A new time-ordered UUID: 48 bits of Unix milliseconds, the rest random."""
    random = int.from_bytes(os.urandom(10), "big")
    milliseconds = time.time_ns() // 1_000_000
    return uuid_from_int(
        (milliseconds & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | (random >> 62 & 0xFFF) << 64
        | 0b10 << 62
        | random & 0x3FFF_FFFF_FFFF_FFFF
    )
