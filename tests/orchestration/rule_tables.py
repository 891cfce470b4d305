"""The tables of docs/orchestration.md, from the policies themselves. Run it as a module to print them."""

from orchd.orchestration.policy import BACKGROUND_TASK, CORE_FLOW, CORE_TASK, MARK_LATE, MINIMAL_FLOW, MINIMAL_TASK
from orchd.orchestration.rule import Policy, Rule
from orchd.orchestration.transition import TERMINAL
from orchd.wire.states import StateType
from tests.orchestration.asking import ALL_TYPES, NO_STATE_OR_ANY

POLICIES = (CORE_FLOW, MINIMAL_FLOW, MARK_LATE, CORE_TASK, BACKGROUND_TASK, MINIMAL_TASK)


def tables() -> str:
    """One table per policy, rules first, then what follows every transition."""
    return "\n\n".join(_table(policy) for policy in POLICIES)


def _table(policy: Policy) -> str:
    rows = [f"| {number} | {_row(rule)} |" for number, rule in enumerate(policy.rules, start=1)]
    last = [f"| last | `{one.name}` | any → any | {_sentence(one.conclude)} |" for one in policy.conclusions]
    head = f"### {policy.name[0].upper()}{policy.name[1:]}\n\n| # | rule | from → to | |\n|---|---|---|---|"
    return "\n".join([head, *rows, *last])


def _row(rule: Rule) -> str:
    return f"`{rule.name}` | {_set(rule.leaving)} → {_set(rule.entering)} | {_sentence(rule.decide)}"


def _sentence(function: object) -> str:
    return " ".join((function.__doc__ or "").split("\n\n")[0].split())


def _set(types: frozenset[StateType | None]) -> str:
    """The shortest way to name a set of types."""
    missing = [one for one in ALL_TYPES if one not in types]
    if not missing:
        return "any"
    if len(missing) == 1:
        return f"any but {missing[0]}"
    if set(missing) == TERMINAL:
        return "any but ended"
    ended = types >= TERMINAL
    listed = [one for one in NO_STATE_OR_ANY if one in types and not (ended and one in TERMINAL)]
    return ", ".join([*("no state" if one is None else one for one in listed), *(["ended"] if ended else [])])


if __name__ == "__main__":
    print(tables())
