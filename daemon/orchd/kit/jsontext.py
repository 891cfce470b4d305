"""JSON as text. Documents that orchd only keeps and hands on stay encoded (`Raw`): they are never parsed."""

import re
from typing import Any

import msgspec

Raw = msgspec.Raw
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_OTHER = bytes(each for each in range(256) if each not in b'[]{}"')
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def encode(value: Any) -> bytes:
    """JSON bytes of plain values, structs, UUIDs and datetimes."""
    return _encoder.encode(value)


def encode_text(value: Any) -> str:
    """The same as a string, for text columns."""
    return _encoder.encode(value).decode()


def decode(value: bytes | str | Raw) -> Any:
    """Plain Python values. Raises msgspec.DecodeError when the text is not JSON."""
    return _decoder.decode(value)


def holds_nul(data: bytes) -> bool:
    """Whether a string of this JSON holds the character NUL, which PostgreSQL cannot store."""
    return b"\\u0000" in data and _NUL.search(data) is not None


def deeper_than(most: int, data: bytes) -> bool:
    """Whether objects and lists in this JSON are nested deeper. No parsing: all passes run at the speed of memory."""
    if data.count(b"[") + data.count(b"{") <= most:
        return False
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"".join(data.translate(_BRACKETS, _OTHER).split(b'"')[::2])
    for _ in range(most):
        inner, outside = outside, outside.replace(b"[]", b"")
        if len(inner) == len(outside):
            return False  # flat by now, or no JSON: then decoding says so
    return bool(outside)
