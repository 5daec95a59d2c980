"""`shoptalk rules`: which rules a shop has, which hold today and what each touches."""

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from shoptalk.ranking.rules import Rule, Rules
    from shoptalk.retrieval.catalog import Catalog

__all__ = ["rules", "rules_facts"]


def rules(
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="The shop's name or folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print only JSON.")] = False,
) -> None:
    """Show a shop's own rules: what is boosted, buried, pinned and hidden.

    They stand in rules.json in the shop's folder, and hold from the next
    message on when the file changes. What is wrong in it is told with the
    rule's number and the field.

    Example:  [bold]shoptalk rules my-shop[/bold]
    """
    from shoptalk.shop import Shop
    from shoptalk.shop.rules_file import RULES, read_rules

    with Shop.open(shop) as opened:
        path = opened.folder / RULES
        found = read_rules(path, opened.catalog)
        facts = rules_facts(found, opened.catalog, datetime.now(UTC).date())
    if as_json:
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    if not found.rules and found.margin is None:
        typer.echo(f"No rules: {path} {'has none' if path.exists() else 'is not there'}.")
        return
    _print(facts)


def rules_facts(found: "Rules", catalog: "Catalog", day: date) -> dict[str, Any]:
    """The rules with what they come to on that day, as JSON has it."""
    told = [_rule_facts(number, rule, catalog, day) for number, rule in enumerate(found.rules, start=1)]
    margin = found.margin.model_dump(mode="json") if found.margin is not None else None
    return {"rules": told, "margin": margin}


def _rule_facts(number: int, rule: "Rule", catalog: "Catalog", day: date) -> dict[str, Any]:
    from shoptalk.ranking.rules import RuleKind, touched

    facts: dict[str, Any] = {"rule": number, "kind": rule.kind.value, "name": rule.name}
    if rule.kind is RuleKind.PIN:
        facts["place"] = rule.place
    if rule.kind in (RuleKind.BOOST, RuleKind.BURY):
        facts["amount"] = rule.amount
    facts |= {"in_force": rule.holds_on(day), "dates": _dates(rule), "touches": int(touched(rule, catalog).sum())}
    unknown = [item_id for item_id in rule.items if item_id not in catalog]
    return facts | {"unknown_ids": unknown, "why": rule.why}


def _dates(rule: "Rule") -> str:
    since = f"from {rule.since}" if rule.since else ""
    until = f"until {rule.until}" if rule.until else ""
    return " ".join(part for part in (since, until) if part) or "always"


def _print(facts: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    from shoptalk.ui.terminal import printable

    console = Console(highlight=False)
    console.print(_table(facts["rules"]))
    lines = [
        f"Rule {one['rule']}: the shop has no item {', '.join(one['unknown_ids'])}."
        for one in facts["rules"]
        if one["unknown_ids"]
    ]
    lines += [f"Rule {one['rule']} touches no item." for one in facts["rules"] if not one["touches"]]
    if margin := facts["margin"]:
        lines.append(f"Margin: {margin['facet']}, worth up to {margin['weight']:g} of the score range.")
    for line in lines:
        console.print(Text(printable(line)), soft_wrap=True)


def _table(rows: list[dict[str, Any]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    from shoptalk.ui.terminal import printable

    table = Table("Rule", "Kind", "Name", "Does", "Dates", "Today", "Items", "Told")
    for one in rows:
        does = f"place {one['place']}" if "place" in one else f"{one['amount']:g}" if "amount" in one else ""
        today = "holds" if one["in_force"] else "off"
        cells = (one["rule"], one["kind"], one["name"], does, one["dates"], today, f"{one['touches']:,}", one["why"])
        table.add_row(*(Text(printable(str(cell))) for cell in cells))
    return table
