"""Secrets in the data of a block: where they are, hiding them, and reading the mask as what it hides."""

from collections.abc import Iterable
from typing import Any

from msgspec import Raw, Struct
from msgspec.json import Decoder

from orchd.wire.block_documents import MASK

Data = dict[str, Any]


class _Fields(Struct):
    secret_fields: list[str] = []


_decoder = Decoder(_Fields)


def secret_places(fields: Raw | bytes) -> list[str]:
    """The dotted paths at which blocks of a schema hold secrets; `x.*` is everything below `x`."""
    return _decoder.decode(fields).secret_fields


def masked(data: Data, places: Iterable[str]) -> Data:
    """The data with every secret replaced by the mask. What is absent, or null at a plain place, stays so."""
    for place in places:
        data = _hide(data, place.split("."))
    return data


def _hide(data: Data, steps: list[str]) -> Data:
    first, rest = steps[0], steps[1:]
    if first == "*":
        return {key: _all_hidden(value) for key, value in data.items()}
    value = data.get(first)
    if value is None:
        return data
    if not rest:
        return {**data, first: MASK}
    return {**data, first: _hide(value, rest)} if isinstance(value, dict) else data


def _all_hidden(value: Any) -> Any:
    return {key: _all_hidden(each) for key, each in value.items()} if isinstance(value, dict) else MASK


def unmasked(new: Any, stored: Any) -> Any:
    """New data in which the mask stands for what is stored at the same place, if anything is."""
    if new == MASK:
        return MASK if stored is None else stored
    if isinstance(new, dict) and isinstance(stored, dict):
        return {key: unmasked(value, stored.get(key)) for key, value in new.items()}
    return new


def plain_texts(data: Data, places: Iterable[str]) -> Data:
    """What an event may show: texts at the top that are no secrets."""
    hidden = {place.partition(".")[0] for place in places}
    return {key: value for key, value in data.items() if isinstance(value, str) and key not in hidden}
