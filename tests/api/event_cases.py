"""Three events, and which of them a filter finds: the same in storage as live."""

from tests.api.event_kit import NOON, SECOND, an_event

LONG_AGO = {"since": "2020-01-01T00:00:00Z"}


def named(*related: tuple[str, str], **labels: str) -> list[dict[str, str]]:
    """Related resources as (role, id), the first with further labels."""
    found = [{"prefect.resource.id": key, "prefect.resource.role": role} for role, key in related]
    found[0].update(labels)
    return found


def own(key: str, **labels: str) -> dict[str, str]:
    return {"prefect.resource.id": key, **labels}


SOLD = an_event(
    "shop.sold", occurred=NOON.isoformat(), resource=own("shop.1", colour="red", size="10%"),
    related=named(("till", "till.1"), ("clerk", "ann"), shift="early"), payload={"what": "Pears"},
)  # fmt: skip
CLOSED = an_event("shop.closed", occurred=(NOON + SECOND).isoformat(), resource=own("shop.2", colour="blue[1]"))
MOVED = an_event(
    "stock.moved",
    id="01990000-0000-7000-8000-000000000003",
    occurred=(NOON + 2 * SECOND).isoformat(),
    resource=own("stock.1", colour="Red_ish"),
    related=named(("clerk", "bob"), ("shop", "shop.1"), shift="late"), payload={"note": 'say "ä"'},
)  # fmt: skip
ALL = {"sold": SOLD, "closed": CLOSED, "moved": MOVED}


CASES = [
    ({}, "sold closed moved"),
    ({"occurred": {"since": NOON.isoformat(), "until": NOON.isoformat()}}, "sold"),
    ({"occurred": {"since": (NOON + SECOND).isoformat()}}, "closed moved"),
    ({"event": {"prefix": ["shop."]}}, "sold closed"),
    ({"event": {"prefix": ["shop.s", "stock"]}}, "sold moved"),
    ({"event": {"prefix": ["SHOP"]}}, ""),
    ({"event": {"prefix": ["shop%", "s_op", "*"]}}, ""),
    ({"event": {"exclude_prefix": ["shop."]}}, "moved"),
    ({"event": {"name": ["shop.sold", "stock.moved"], "exclude_name": ["shop.sold"]}}, "moved"),
    ({"event": {"prefix": [], "exclude_prefix": None, "name": []}}, "sold closed moved"),
    ({"resource": {"id": ["shop.1", "stock.1"]}}, "sold moved"),
    ({"resource": {"id": ["shop.1", "stock.1"], "id_prefix": ["stock"]}}, "moved"),
    ({"resource": {"id_prefix": ["shop."]}}, "sold closed"),
    ({"resource": {"labels": {"colour": "red"}}}, "sold"),
    ({"resource": {"labels": {"colour": ["red", "blue[1]"]}}}, "sold closed"),
    ({"resource": {"labels": {"colour": "?ed*"}}}, "sold moved"),
    ({"resource": {"labels": {"colour": "Red_*"}}}, "moved"),
    ({"resource": {"labels": {"colour": "re_"}}}, ""),
    ({"resource": {"labels": {"colour": "!red"}}}, "closed moved"),
    ({"resource": {"labels": {"colour": "!*ed*"}}}, "closed"),
    ({"resource": {"labels": {"size": "!11%"}}}, "sold"),
    ({"resource": {"labels": {"size": "10%"}}}, "sold"),
    ({"resource": {"labels": {"size": "1%"}}}, ""),
    ({"resource": {"labels": {"colour": "red", "size": "*"}}}, "sold"),
    ({"resource": {"labels": {"colour": []}}}, ""),
    ({"resource": {"labels": {}}}, "sold closed moved"),
    ({"resource": {"labels": {"prefect.resource.id": "shop.*"}}}, "sold closed"),
    ({"related": {"id": ["shop.1"]}}, "moved"),
    ({"related": {"id": ["ann", "bob"]}}, "sold moved"),
    ({"related": {"role": ["till"]}}, "sold"),
    ({"related": {"role": ["clerk"], "id": ["ann", "shop.1"]}}, "sold"),
    ({"related": {"role": [""], "id": ["shop.1"]}}, "sold"),
    ({"related": {"role": ["", "shop"], "id": ["shop.1"]}}, "sold moved"),
    ({"related": {"resources_in_roles": [["ann", "clerk"], ["shop.1", "till"]]}}, "sold"),
    ({"related": {"labels": {"shift": "*"}}}, "sold moved"),
    ({"related": {"labels": {"shift": "early"}, "role": ["clerk"]}}, ""),
    ({"related": {"labels": {"shift": "early"}, "role": ["till"], "id": ["till.1"]}}, "sold"),
    ({"related": {"labels": {"prefect.resource.id": "till.*"}}}, "sold"),
    ({"related": [{"id": ["ann"]}, {"id": ["till.1"]}]}, "sold"),
    ({"related": [{"id": ["ann"]}, {"id": ["bob"]}]}, ""),
    ({"related": []}, "sold closed moved"),
    ({"any_resource": {"id": ["shop.1"]}}, "sold moved"),
    ({"any_resource": {"id_prefix": ["shop."]}}, "sold closed moved"),
    ({"any_resource": {"id_prefix": ["shop."], "id": ["bob", "shop.2"]}}, "closed"),
    ({"any_resource": {"labels": {"colour": "*e*", "prefect.resource.id": "s*"}}}, "sold closed moved"),
    ({"any_resource": {"labels": {"shift": "late"}, "id": ["bob"]}}, "moved"),
    ({"any_resource": {"labels": {"shift": "late"}, "id_prefix": ["bo"]}}, "moved"),
    ({"any_resource": {"labels": {"shift": "late"}, "id_prefix": ["b?", "*", "b_", "b%", "[b]"]}}, ""),
    ({"any_resource": [{"id": ["shop.1"]}, {"id": ["bob"]}]}, "moved"),
    ({"id": {"id": [MOVED["id"]]}}, "moved"),
    ({"id": {"id": []}}, "sold closed moved"),
    ({"text": {"query": "pears"}}, "sold"),
    ({"text": {"query": "SHOP.SOLD blue"}}, "sold closed"),
    ({"text": {"query": "shop -sold"}}, "closed moved"),
    ({"text": {"query": "+shop.1 +bob"}}, "moved"),
    ({"text": {"query": "colour"}}, ""),
    ({"text": {"query": '"10%"'}}, "sold"),
    ({"text": {"query": "1_%"}}, ""),
    ({"text": {"query": " - "}}, "sold closed moved"),
    ({"event": {"prefix": ["shop."]}, "resource": {"labels": {"colour": "red"}}, "text": {"query": "ann"}}, "sold"),
]  # fmt: skip
