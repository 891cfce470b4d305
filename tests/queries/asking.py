"""Asking one list many things, and comparing all answers at once: a failure shows every case that is wrong."""

from typing import Any, NamedTuple

from tests.api.conftest import Api


class Asked(NamedTuple):
    """What is asked, and the names of the rows that match, in order of their names."""

    body: dict[str, Any]
    names: str
    """One letter for each row."""


async def check(api: Api, path: str, cases: list[Asked]) -> None:
    """Asks each and compares; the count of each must agree with its list."""
    wrong = []
    for case in cases:
        status, answer = await api.call("POST", f"{path}/filter", {"sort": "NAME_ASC", **case.body})
        found = "".join(each["name"] for each in answer) if status == 200 else f"{status} {answer}"
        counted = (await api.call("POST", f"{path}/count", case.body))[1]
        if (found, counted) != (case.names, len(case.names)):
            wrong.append(f"{case.body}: expected {case.names!r}, found {found!r}, counted {counted}")
    assert not wrong, "\n".join(wrong)
