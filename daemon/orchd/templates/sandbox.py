"""Where templates run: nothing outside is reached, nothing is changed, and all work is counted."""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from itertools import islice
from typing import Any, cast

from jinja2 import ChainableUndefined, Environment
from jinja2.filters import FILTERS as USUAL_FILTERS
from jinja2.runtime import BlockReference, Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as USUAL_TESTS
from jinja2.utils import _PassArg, pass_context, pass_environment, pass_eval_context

from orchd.templates import guards, metering, words
from orchd.templates.budget import VALUE, Budget
from orchd.templates.faults import Refused

RANGE = 100
_GLOBALS = ("cycler", "dict", "joiner", "namespace")


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of one rendering."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self, budget: Budget | None = None, whole: int = 0) -> None:
        self.budget = budget or Budget()
        self.whole = whole  # what it costs to carry out all of the template once
        # Nothing is worked out while a template is compiled: compiling has no budget, and is shared by many renderings.
        super().__init__(undefined=ChainableUndefined, finalize=self._written, optimized=False)
        self.globals = {name: self.globals[name] for name in _GLOBALS} | {"range": _range}
        self.filters, self.tests = dict(FILTERS), dict(TESTS)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """An operator between two values."""
        for each in (left, right):
            self.budget.weigh(each)
            if isinstance(each, int) and each.bit_length() > guards.BITS:
                raise Refused("A number in the template is too large to be reckoned with")
        if check := guards.OPERATORS.get(operator):
            check(left, right)
        return self.taken(super().call_binop(context, operator, left, right))

    def call(self, context: Context, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A method, a macro or a function."""
        for each in (*args, *kwargs.values()):
            self.budget.weigh(each)
        if isinstance(called, Macro | BlockReference):
            self.budget.spend(self.whole)
        owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
        if owner is not None:
            self.budget.weigh(owner)
            if check := guards.METHODS.get(name):
                check(owner, *args, **kwargs)
        return self.taken(super().call(context, called, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`str.format`, which would reach what the sandbox hides."""
        text = getattr(value, "__self__", None)
        if not isinstance(text, str) or getattr(value, "__name__", "") != "format":
            return None

        def bounded(*args: Any, **kwargs: Any) -> str:
            guards.formatted(text, args, kwargs)
            return guards.Fields(self).vformat(text, args, kwargs)

        return bounded

    def taken(self, result: Any) -> Any:
        """What a step has made. Lists that are made on demand are made at once, so that they can be weighed."""
        if isinstance(result, Iterator):
            result = list(islice(result, VALUE // 8 + 1))
        self.budget.weigh(result)
        return result

    @pass_context  # which keeps what is constant from being written while the template is compiled
    def _written(self, _: Context, value: Any) -> Any:
        self.budget.write(value)
        return value


def _range(*given: int) -> range:
    found = range(*given)
    if len(found) > RANGE:
        raise Refused(f"A range in a template can have at most {RANGE} elements")
    return found


def _counted(plain: Callable[..., Any], check: Callable[..., None] | None) -> Callable[..., Any]:
    """A filter or a test that weighs what it is given and what it makes."""
    wanted = _PassArg.from_obj(plain)

    @wraps(plain)
    def counted(first: Any, /, *args: Any, **kwargs: Any) -> Any:
        sandbox = cast("Sandbox", first if isinstance(first, Environment) else first.environment)
        for each in (*args, *kwargs.values()):
            sandbox.budget.weigh(each)
        if check is not None:
            check(*args, **kwargs)
        return sandbox.taken(plain(first, *args, **kwargs) if wanted else plain(*args, **kwargs))

    if wanted is None:
        return pass_environment(counted)
    return {_PassArg.context: pass_context, _PassArg.eval_context: pass_eval_context}.get(wanted, pass_environment)(
        counted
    )


@pass_environment
def _iterated(sandbox: Sandbox, value: Any, cost: int) -> Iterator[Any]:
    for each in value:
        sandbox.budget.spend(cost)
        yield each


@pass_environment
def _weighed(sandbox: Sandbox, value: Any) -> Any:
    sandbox.budget.weigh(value)
    return value


@pass_environment
def _joined(sandbox: Sandbox, values: list[Any]) -> str:
    guards.within(sum(sandbox.budget.weigh(each) for each in values))
    return "".join(map(str, values))


def _filters() -> dict[str, Callable[..., Any]]:
    plain: dict[str, Callable[..., Any]] = {**USUAL_FILTERS, **words.OWN}
    counted = {name: _counted(each, guards.FILTERS.get(name)) for name, each in plain.items()}
    for name, each in words.IN_WORDS.items():
        counted[name] = _counted(each, guards.humanized)
    return {**counted, metering.ITERATED: _iterated, metering.WEIGHED: _weighed, metering.JOINED: _joined}


FILTERS: Mapping[str, Callable[..., Any]] = _filters()
TESTS: Mapping[str, Callable[..., Any]] = {
    name: _counted(cast("Any", each), None) for name, each in USUAL_TESTS.items()
}
