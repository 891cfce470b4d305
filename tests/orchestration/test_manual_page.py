"""The manual page shows the policies as they are."""

from pathlib import Path

from tests.orchestration.rule_tables import tables

PAGE = Path(__file__).parents[2] / "docs" / "orchestration.md"


def test_the_page_lists_the_rules_in_their_order() -> None:
    assert PAGE.read_text().split("## The rules in order\n\n")[1].strip() == tables()
