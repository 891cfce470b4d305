"""JSON as text. Documents that orchd only keeps and hands on stay encoded (`Raw`): they are never parsed."""

from typing import Any

import msgspec

Raw = msgspec.Raw
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
