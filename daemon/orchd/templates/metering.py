"""A template's tree: what is refused in it from the start, and where counting is put into it."""

from collections.abc import Iterator
from typing import cast

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.visitor import NodeTransformer

from orchd.templates.faults import Refused

LOOPS = 10
NESTED = 2
ITERATED, WEIGHED, JOINED = "iterated, counted", "weighed", "joined, weighed"
"""Names of filters that no template can write: they hold spaces or are no names within the language."""

_OUTSIDE = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


def check(tree: nodes.Template) -> None:
    """Raises Refused for loops that are too many or too deep, TemplateSyntaxError for other templates' names."""
    for outside in tree.find_all(_OUTSIDE):
        raise TemplateSyntaxError("Templates cannot make use of other templates", outside.lineno)
    loops = list(tree.find_all(nodes.For))
    if len(loops) > LOOPS:
        raise Refused(f"Contains {len(loops)} for loops, but templates can have at most {LOOPS} for loops.")
    if any(loop.recursive for loop in loops):
        raise Refused("Contains a recursive for loop, which templates cannot have.")
    deepest = max((_depth(loop) for loop in loops), default=0)
    if deepest > NESTED:
        raise Refused(f"Contains nested for loops at depth {deepest}, but templates can nest at most {NESTED} deep.")


def _depth(node: nodes.Node) -> int:
    inner = max((_depth(child) for child in node.iter_child_nodes()), default=0)
    return inner + isinstance(node, nodes.For)


def steps(node: nodes.Node) -> int:
    """What it costs to carry out a part of a template once."""
    return sum(1 + (len(each.data) // 8 if isinstance(each, nodes.TemplateData) else 0) for each in _all(node))


def _all(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    yield from node.find_all(nodes.Node)


class Metering(NodeTransformer):
    """Puts counting filters around what is not an operator, a call or a filter already, and can still grow."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802
        """Each turn of a loop costs what its body does."""
        cost = nodes.Const(steps(node), lineno=node.lineno)
        self.generic_visit(node)
        node.iter = _filtered(ITERATED, node.iter, cost)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802
        """Parts are weighed before they become one text."""
        self.generic_visit(node)
        return _filtered(JOINED, nodes.List(list(node.nodes), lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:  # noqa: N802
        """Equal lists are compared to their last elements."""
        self.generic_visit(node)
        node.expr = _filtered(WEIGHED, node.expr)
        for operand in node.ops:
            operand.expr = _filtered(WEIGHED, operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Expr:  # noqa: N802
        """A slice is a copy."""
        self.generic_visit(node)
        return _filtered(WEIGHED, node) if isinstance(node.arg, nodes.Slice) else node

    def _new(self, node: nodes.Expr) -> nodes.Expr:
        self.generic_visit(node)
        return _filtered(WEIGHED, node) if getattr(node, "ctx", "load") == "load" else node

    visit_List = visit_Tuple = visit_Dict = _new  # noqa: N815


def _filtered(name: str, node: nodes.Node, *arguments: nodes.Expr) -> nodes.Expr:
    return nodes.Filter(cast("nodes.Expr", node), name, list(arguments), [], None, None, lineno=node.lineno)
