"""Small data sets with an answer that can be known, written in the formats in which the real ones are published."""

import json
from pathlib import Path

from shoptalk.settings import Settings

PAIRS = 12
_FIRST = "Amber Bronze Copper Dusty Ember Frozen Golden Hollow Ivory Jade Knotted Lunar".split()
_SECOND = "Anchor Bridge Castle Desert Engine Forest Garden Harbour Island Jungle Kettle Lantern".split()
_ASKS = (
    "I adored {}. Anything else?",
    "{} was great, what next?",
    "Please find me one more like {}",
    "We saw {} again",
)


def named(pair: int) -> str:
    return f"The {_FIRST[pair]} Road ({1980 + pair})"


def answer(pair: int) -> str:
    return f"{_SECOND[pair]} Stories ({1995 + pair})"


def inspired(folder: Path, *, train: int = 10, splits: tuple[str, ...] = ("valid",)) -> Path:
    """Whoever names the first film of a pair is recommended the second: `train` dialogues of each pair, one to ask."""
    folder.mkdir(parents=True, exist_ok=True)
    learned = [_talk(pair, turn) for turn in range(train) for pair in range(PAIRS)]
    for split, talks in {
        "train": learned,
        **{one: [_talk(pair, 3) for pair in range(PAIRS)] for one in splits},
    }.items():
        lines = "".join(json.dumps(talk) + "\n" for talk in talks)
        (folder / f"{split}_data_dbpedia.jsonl").write_text(lines)
    return folder


def games(folder: Path, *, users: int = 120, items: int = 24) -> Path:
    """Everybody buys in a circle: item k is always followed by item k + 1."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["user_id:token\titem_id_list:token_seq\titem_id:token"]
    for user in range(users):
        bought = [str((user + step) % items) for step in range(6)]
        rows.append(f"u{user}\t{' '.join(bought[:-1])}\t{bought[-1]}")
    (folder / "interactions.tsv").write_text("\n".join(rows) + "\n")
    titles = [f"{item}\t{_FIRST[item % 12]} {_SECOND[item // 12]} {item}" for item in range(items)]
    (folder / "items.tsv").write_text("\n".join(["item_id:token\ttitle:token_seq", *titles]) + "\n")
    return folder


def icecat(folder: Path) -> Path:
    """A product for each first name in each of two kinds; a search that tells both fits just one."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = ("printer", "monitor")
    products = [
        {"id": f"{kind[0]}{at}", "title": f"{name} {kind}", "price": 1000 * (at + 1), "attr_t_kind": kind}
        for kind in kinds
        for at, name in enumerate(_FIRST)
    ]
    (folder / "products.jsonl").write_text("".join(json.dumps(one) + "\n" for one in products))
    judged = ["query,docid,rating"]
    for at, name in enumerate(_FIRST):
        judged += [f"printer in {name.lower()},p{at},3", f"printer in {name.lower()},m{at},0"]
    judged += ["nothing fits,p0,0"]
    (folder / "judgements.csv").write_text("\n".join(judged) + "\n")
    return folder


def settings_in(place: Path) -> Settings:
    return Settings(home=place / "home", cache=place / "cache", encoder="hashing", threads=1, tagger=Path("none"))


def _talk(pair: int, turn: int) -> list[dict[str, object]]:
    asked = _ASKS[turn % len(_ASKS)].format(named(pair).partition(" (")[0])
    return [
        {"text": "Hello, how can I help?", "role": "RECOMMENDER", "movie": []},
        {"text": asked, "role": "SEEKER", "movie": [named(pair)]},
        {"text": f"Try {answer(pair)}.", "role": "RECOMMENDER", "movie": [answer(pair)]},
        {"text": "And again, what was it?", "role": "SEEKER", "movie": []},
        {"text": f"{answer(pair)}, as I said.", "role": "RECOMMENDER", "movie": [answer(pair)]},
    ]
