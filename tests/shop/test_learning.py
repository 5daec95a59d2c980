"""A shop that learns from talks kept elsewhere and from files of interactions, and goes on to serve with it."""

import csv
from dataclasses import dataclass, field, replace

import pytest
from tests_shop_data import write_records

from shoptalk.errors import InteractionsError, LogError, ShopDamagedError
from shoptalk.retrieval.query import Query, Touch
from shoptalk.shop import Shop
from shoptalk.shop.folder import LEARNED


@dataclass
class Turn:
    role: str
    text: str = ""
    items: tuple[str, ...] = ()


@dataclass
class Dialogue:
    turns: list[Turn] = field(default_factory=list)


PARTNER = {f"p{at:03}": f"p{(at + 12) % 24:03}" for at in range(24)}
"""Who takes an item takes its partner next: nothing in the records says so."""


def dialogues(count=240):
    ids = list(PARTNER)
    return [
        Dialogue(
            [Turn("user", "I had this one.", (ids[at % 24],)), Turn("shop", "Then that.", (PARTNER[ids[at % 24]],))]
        )
        for at in range(count)
    ]


def write_interactions(path, count=240):
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user", "item", "time"])
        for at in range(count):
            first = list(PARTNER)[at % 24]
            rows.writerow([f"u{at}", first, 1_700_000_000 + 10 * at])
            rows.writerow([f"u{at}", PARTNER[first], 1_700_000_005 + 10 * at])
    return path


def place_of_partner(shop, item_id):
    query = Query(history=(Touch(item_id),), exclude=frozenset({item_id}))
    ranked = shop.rank(query, shop.find(query))
    return [shop.catalog.ids[row] for row in ranked.rows.tolist()].index(PARTNER[item_id])


@pytest.mark.parametrize("given", ["dialogues", "interactions"])
def test_what_people_take_next_is_found_and_ranked_first(shop, tmp_path, given):
    before = sum(place_of_partner(shop, one) for one in PARTNER)
    if given == "dialogues":
        summary = shop.train(dialogues=dialogues())
    else:
        summary = shop.train(interactions=write_interactions(tmp_path / "orders.csv"))
    assert summary.kinds["choices"] >= 200
    after = [place_of_partner(shop, one) for one in PARTNER]
    assert sum(place == 0 for place in after) >= 20
    assert sum(after) < before


def test_what_was_learned_is_kept_with_the_shop(shop, folder, settings):
    shop.train(dialogues=dialogues())
    with Shop.open(folder, settings=settings) as again:
        assert again.finder.learned.names == shop.finder.learned.names
        assert place_of_partner(again, "p003") == 0


def test_items_that_come_later_are_found_beside_what_was_learned(shop, tmp_path):
    shop.train(dialogues=dialogues())
    fresh = {"id": "new", "title": "Crimson lantern", "text": "a lantern, red and small"}
    shop.update(write_records(tmp_path / "more.jsonl", [fresh]))
    asked = Query(text="crimson lantern")
    assert "new" in [shop.catalog.ids[row] for row in shop.rank(asked, shop.find(asked)).rows[:3].tolist()]
    query = replace(asked, history=(Touch("p003"),))
    assert "new" in [shop.catalog.ids[row] for row in shop.rank(query, shop.find(query)).rows.tolist()]
    assert place_of_partner(shop, "p003") <= 1


def test_names_in_dialogues_are_resolved(shop):
    titles = dict(zip(shop.catalog.titles, shop.catalog.ids, strict=True))
    named = [
        replace(
            one, turns=[replace(turn, items=tuple(_title(shop, item) for item in turn.items)) for turn in one.turns]
        )
        for one in dialogues()
    ]
    shop.train(dialogues=named, resolve=titles.get)
    assert place_of_partner(shop, "p007") == 0


def _title(shop, item_id):
    return shop.catalog.titles[shop.catalog.row(item_id)]


def test_the_next_turn_uses_what_was_learned_and_tells_it(shop):
    shop.train(dialogues=dialogues())
    talk = shop.talk()
    talk.feedback("p003", liked=True)
    picks = talk.say("").picks
    assert PARTNER["p003"] in [pick.item.id for pick in picks]


def test_nothing_to_learn_from_is_told(shop):
    with pytest.raises(LogError, match="nothing else tells"):
        shop.train(dialogues=[])


def test_a_bad_file_leaves_the_shop_as_it_was(shop, tmp_path):
    before = shop.manifest
    bad = tmp_path / "bad.csv"
    bad.write_text("colour,size\nred,1\n")
    with pytest.raises(InteractionsError):
        shop.train(interactions=bad)
    assert shop.manifest == before


def test_items_that_the_shop_does_not_have_are_told(shop, tmp_path, caplog):
    strange = tmp_path / "strange.csv"
    strange.write_text("user,item\nu1,x1\nu1,x2\n")
    with pytest.raises(InteractionsError, match="none of its 2 items: x1, x2"):
        shop.train(interactions=strange)
    mixed = write_interactions(tmp_path / "mixed.csv")
    mixed.write_text(mixed.read_text() + "u9,x1,1700000000\n")
    shop.train(interactions=mixed)
    assert "1 of 481 rows" in caplog.text


def test_a_damaged_model_is_told_and_made_good_by_training_again(shop, folder, settings):
    shop.train(dialogues=dialogues())
    place = folder / shop.manifest.folders["ranker"] / LEARNED / "learned.json"
    place.write_text("{}")
    with pytest.raises(ShopDamagedError, match=r"learned\.json"):
        Shop.open(folder, settings=settings)
    with Shop.repair(folder, settings=settings) as mended:
        assert mended.finder.learned is None


def test_progress_tells_each_stage(shop):
    seen = []
    shop.train(dialogues=dialogues(), progress=lambda stage, done, total: seen.append((stage, done, total)))
    stages = list(dict.fromkeys(stage for stage, _, _ in seen))
    assert [one for one in stages if one in ("fit", "find", "fit all", "train")] == ["fit", "find", "fit all", "train"]
    for stage in ("fit", "find", "fit all"):
        done = [(at, total) for name, at, total in seen if name == stage]
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]
