"""What becomes of the parser's proposals once the transformer has spoken: facets, names, days, offers, stances.

`Told` says in a test what trained weights would say of a message; all arrays are those that weights would give.
"""

from dataclasses import dataclass, field

import numpy as np
import pytest
from tokenizers import Tokenizer

from shoptalk.agent.state import TalkState
from shoptalk.agent.tagging import ACTS, HEARD, MESSAGE, ROLES, Tags, hint_arrays, split
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog
from shoptalk.retrieval.detecting import detect
from shoptalk.retrieval.encoder import find_weights
from shoptalk.retrieval.itemizing import to_items
from shoptalk.retrieval.query import Act, Operator, Stance
from shoptalk.retrieval.reading import Record


@dataclass
class Said:
    """Words of a text and what they mean: chances of facets by label, and of roles; `apart`: each is a span."""

    words: str
    facets: dict[str, float] = field(default_factory=dict)
    roles: dict[str, float] = field(default_factory=dict)
    part: int = MESSAGE
    apart: bool = False


class Told:
    """Stands where the trained tagger stands; everything of which nothing is said speaks of no facet."""

    def __init__(self, *said, dropped=()):
        self.said = said
        self.dropped = dropped
        self.labels = []
        self.hints = ()
        self._tokenizer = Tokenizer.from_file(str(find_weights(None) / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def facet_vectors(self, texts):
        self.labels = [text.split(":")[0] for text in texts]
        return np.zeros((len(texts), 384), dtype=np.float32)

    def read(self, heard, message, facets, hints=()):
        self.hints = hints
        pieces = split(self._tokenizer, heard, message)
        hint_arrays(pieces, hints, len(facets))
        chances = np.zeros((len(pieces.ids), len(facets) + 1), dtype=np.float32)
        chances[:, -1] = 1.0
        roles = np.full((len(pieces.ids), len(ROLES)), 0.02, dtype=np.float32)
        begins = np.zeros(len(pieces.ids), dtype=np.float32)
        for one in self.said:
            at = (heard, message)[one.part].index(one.words)
            inside = pieces.inside(one.part, at, at + len(one.words))
            row = np.zeros(len(facets) + 1, dtype=np.float32)
            for label, chance in one.facets.items():
                row[self.labels.index(label)] = chance
            row[-1] = 1 - row.sum()
            chances[inside] = row
            begins[inside] = float(one.apart)
            for role, chance in one.roles.items():
                roles[inside, ROLES.index(role)] = chance
        none = np.zeros(len(facets), dtype=np.float32)
        dropped = np.array([0.95 if label in self.dropped else 0.01 for label in self.labels], dtype=np.float32)
        return Tags(pieces, chances, begins, roles, np.full(len(ACTS), 0.05, dtype=np.float32), none, dropped)


def catalog_of(rows):
    records = [Record(row, fields) for row, fields in enumerate(rows, start=1)]
    schema = detect(records)
    return Catalog.from_items(list(to_items(records, schema)), schema)


def understood(catalog, message, *said, heard="", dropped=()):
    told = Told(*said, dropped=dropped)
    return EmbeddedUnderstanding(catalog, told).understand(message, TalkState(heard=heard))


def wishes(request):
    return {(one.facet, one.operator, one.value) for one in request.constraints}


TOWNS = ("Bath", "Exeter", "Norwich", "Truro", "Whitby")


@pytest.fixture(scope="module")
def coaches():
    """Coach lines: each town begins and ends as many lines as any other; Ely begins many and ends one."""
    rows = [
        {
            "line": f"Line {n}", "origin": "Ely" if n % 4 == 0 else TOWNS[n % 5],
            "destination": "Ely" if n == 3 else TOWNS[(n + 2) % 5], "fare": 5 + n % 30, "stops": 1 + n % 25,
        }
        for n in range(200)
    ]  # fmt: skip
    return catalog_of(rows)


@pytest.fixture(scope="module")
def tales():
    """Films with carriers in their values, and directors by first and last name."""
    firsts, lasts = ("Greta", "Olaf", "Irma", "Bruno", "Wilma"), ("Lind", "Stone", "Abbot", "Falk", "Quist", "Moor")
    kinds = ("horror", "horror", "horror", "horror movies", "western", "musical movies", "musical movies", "musical")
    rows = [
        {
            "title": f"{adjective} {noun}", "genre": kinds[n % 8],
            "director": "Otto Vandermeer" if n == 60 else f"{firsts[n % 5]} {lasts[n % 6]}", "mood": "Brisk" if n == 7 else ("calm", "grim")[n % 2],
        }
        for n, (adjective, noun) in enumerate(
            (a, b)
            for a in ("Crooked", "Velvet", "Seventh", "Hollow", "Paper", "Northern", "Silent", "Amber", "Restless", "Gilded")
            for b in ("Harbour", "Orchard", "Lantern", "Chapel", "Meadow", "Engine", "Winter", "Garden", "Bridge", "Mirror",
                      "Voyage", "Kingdom")
        )
    ]  # fmt: skip
    return catalog_of(rows)


@pytest.fixture(scope="module")
def rentals():
    return catalog_of(
        [
            {"car": f"Car {n}", "dropoff_date": f"2019-03-{2 + n % 10:02}", "pickup_date": f"2019-03-{1 + n % 10:02}"}
            for n in range(40)
        ]
    )


# Values ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("facet", ["origin", "destination"])
def test_a_value_of_two_facets_goes_to_the_one_that_is_meant(coaches, facet):
    other = {"origin": "destination", "destination": "origin"}[facet]
    said = Said("Truro", {facet: 0.8, other: 0.15})
    assert wishes(understood(coaches, "we thought of Truro", said)) == {(facet, Operator.IS, "Truro")}


@pytest.mark.parametrize(("origin", "destination", "chosen"), [(0.01, 0.98, "destination"), (0.95, 0.03, "origin")])
def test_a_value_that_one_facet_holds_often_and_another_once_goes_where_it_is_meant(
    coaches, origin, destination, chosen
):
    said = Said("Ely", {"origin": origin, "destination": destination})
    assert wishes(understood(coaches, "Ely it is", said)) == {(chosen, Operator.IS, "Ely")}


@pytest.mark.parametrize("message", ["Ely it is", "we thought of Truro", "from Bath to Truro"])
def test_where_the_transformer_is_in_two_minds_the_parsers_choice_stays(coaches, message):
    alone = EmbeddedUnderstanding(coaches).understand(message, TalkState())
    said = [Said(word, {"origin": 0.48, "destination": 0.5}) for word in (*TOWNS, "Ely") if word in message]
    assert wishes(understood(coaches, message, *said)) == wishes(alone) != set()


@pytest.mark.parametrize(
    ("message", "value"), [("horror movies please", "horror"), ("musical movies please", "musical movies")]
)
def test_the_trades_noun_is_no_part_of_a_value_unless_most_items_write_it_so(tales, message, value):
    said = Said(message.removesuffix(" please"), {"genre": 0.95})
    assert wishes(understood(tales, message, said)) == {("genre", Operator.IS, value)}


@pytest.mark.parametrize(("none", "kept"), [(0.97, False), (0.4, True)])
def test_a_rare_value_whose_word_speaks_of_no_facet_is_let_go(tales, none, kept):
    """One film of 120 is 'Brisk'; a brisk walk asks for none."""
    said = Said("brisk", {"mood": 1 - none})
    request = understood(tales, "a western for after our brisk walk", Said("western", {"genre": 0.95}), said)
    assert ("genre", Operator.IS, "western") in wishes(request)
    assert (("mood", Operator.IS, "Brisk") in wishes(request)) is kept


def test_a_refusal_stays_a_refusal_in_the_facet_that_is_meant(coaches):
    said = Said("Truro", {"destination": 0.9})
    assert wishes(understood(coaches, "anything but Truro", said)) == {("destination", Operator.IS_NOT, "Truro")}


# Names that are not there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Greta Nonsuch", "Hedda Zwanzig"])
def test_a_name_that_no_item_has_is_described_and_no_one_else_stands_for_it(tales, name):
    request = understood(tales, f"something directed by {name}", Said(name, {"director": 0.95}))
    assert not wishes(request)
    (described,) = request.described
    assert (described.facet, described.words) == ("director", name)
    start, end = described.span
    assert request.message[start:end] == name


def test_part_of_a_name_does_not_stand_for_another(tales):
    alone = EmbeddedUnderstanding(tales).understand("something by Vandermeer", TalkState())
    assert wishes(alone) == {("director", Operator.IS, "Otto Vandermeer")}
    request = understood(tales, "something by Petra Vandermeer", Said("Petra Vandermeer", {"director": 0.95}))
    assert not wishes(request)
    assert [one.words for one in request.described] == ["Petra Vandermeer"]


def test_first_and_last_name_are_one_name_even_where_the_transformer_sees_two(tales):
    said = Said("Hedda Zwanzig", {"director": 0.95}, apart=True)
    request = understood(tales, "something directed by Hedda Zwanzig", said)
    assert [one.words for one in request.described] == ["Hedda Zwanzig"]


@pytest.mark.parametrize(
    ("message", "rejected", "operator"),
    [
        ("something directed by Olav Stone", 0.02, Operator.IS),
        ("something directed by Olav Stone", 0.95, Operator.IS_NOT),
        ("nothing directed by Olav Stone", 0.02, Operator.IS_NOT),
    ],
)
def test_a_name_that_the_parser_did_not_know_is_looked_up_in_its_facet(tales, message, rejected, operator):
    assert not wishes(EmbeddedUnderstanding(tales).understand(message, TalkState()))
    request = understood(tales, message, Said("Olav Stone", {"director": 0.95}, {"rejected": rejected}))
    assert wishes(request) == {("director", operator, "Olaf Stone")}
    assert "olav" not in request.text.casefold(), "what is understood is not searched for as text too"


def test_a_name_that_is_there_is_a_constraint_and_an_unsure_span_is_nothing(tales):
    there = understood(tales, "something directed by Greta Lind", Said("Greta Lind", {"director": 0.95}))
    assert wishes(there) == {("director", Operator.IS, "Greta Lind")}
    assert not there.described
    unsure = understood(tales, "something about Hedda Zwanzig", Said("Hedda Zwanzig", {"director": 0.35}))
    assert not unsure.described


def test_a_description_is_looked_for_even_where_the_parser_heard_small_talk(tales):
    request = understood(tales, "Hedda Zwanzig", Said("Hedda Zwanzig", {"director": 0.95}))
    assert request.described
    assert Act.FIND in request.acts


# Days and numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chances", [{"dropoff date": 0.95}, {"pickup date": 0.95}, {}])
@pytest.mark.parametrize("message", ["March 6 suits me", "pickup on March 6", "I bring it back on March 6"])
def test_a_day_is_where_the_parser_put_it_whatever_the_transformer_says(rentals, message, chances):
    alone = EmbeddedUnderstanding(rentals).understand(message, TalkState())
    assert wishes(understood(rentals, message, Said("March 6", chances))) == wishes(alone) != set()


@pytest.mark.parametrize(("facet", "value"), [("fare", 12.0), ("stops", 12.0)])
def test_a_number_goes_to_the_facet_that_is_meant(coaches, facet, value):
    request = understood(coaches, "under 12", Said("under 12", {facet: 0.95}))
    assert {(one.facet, one.value) for one in request.constraints} == {(facet, value)}
    assert all(one.operator in (Operator.AT_MOST, Operator.LESS_THAN) for one in request.constraints)


# What our side said ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "taken"), [(0.9, {("destination", Operator.IS, "Whitby")}), (0.2, set())])
def test_what_our_side_named_is_wanted_once_it_is_taken_up(coaches, wanted, taken):
    said = Said("Whitby", {"destination": 0.9}, {"wanted": wanted}, HEARD)
    request = understood(coaches, "That is where my cousin lives", said, heard="Shall I look for coaches to Whitby?")
    assert wishes(request) == taken
    assert not taken or Act.FIND in request.acts or Act.ANSWER in request.acts


def test_what_the_person_says_now_stands_before_what_our_side_named(coaches):
    heard = Said("Whitby", {"destination": 0.9}, {"wanted": 0.9}, HEARD)
    now = Said("Truro", {"destination": 0.9})
    request = understood(coaches, "Yes, but to Truro", heard, now, heard="Shall I look for coaches to Whitby?")
    assert wishes(request) == {("destination", Operator.IS, "Truro")}


def test_a_facet_that_no_longer_matters_is_dropped_unless_it_is_asked_for_at_once(coaches):
    assert "fare" in understood(coaches, "the cost is all the same to us", dropped=["fare"]).dropped
    said = Said("Truro", {"destination": 0.9})
    request = understood(coaches, "to Truro, nothing else matters", said, dropped=["destination", "fare"])
    assert ("destination", Operator.IS, "Truro") in wishes(request)
    assert "destination" not in request.dropped


# Stances --------------------------------------------------------------------------------------------------------------


def stances(request, catalog):
    return {(catalog.titles[catalog.row(one.item_id)], one.stance) for one in request.mentions}


@pytest.mark.parametrize(("role", "stance"), [("liked", Stance.LIKED), ("disliked", Stance.DISLIKED)])
def test_an_item_that_our_side_named_is_liked_or_not_as_the_person_says(tales, role, stance):
    said = Said("Velvet Engine", {"title": 0.95}, {role: 0.95}, HEARD)
    request = understood(tales, "My word, what a film", said, heard="Have you seen Velvet Engine?")
    assert ("Velvet Engine", stance) in stances(request, tales)


def test_without_a_clear_word_nothing_is_held_of_what_our_side_named(tales):
    said = Said("Velvet Engine", {"title": 0.95}, {"liked": 0.3, "disliked": 0.3}, HEARD)
    request = understood(tales, "My word, what a film", said, heard="Have you seen Velvet Engine?")
    assert not {Stance.LIKED, Stance.DISLIKED} & {stance for _, stance in stances(request, tales)}


def test_a_dislike_that_the_parser_did_not_hear_is_held_and_an_owned_item_stays_owned(tales):
    said = Said("Velvet Engine", {"title": 0.95}, {"disliked": 0.95})
    request = understood(tales, "Velvet Engine put me to sleep", said)
    assert ("Velvet Engine", Stance.DISLIKED) in stances(request, tales)


# Everything else ------------------------------------------------------------------------------------------------------


def test_hints_name_each_facet_that_holds_a_value_titles_and_numbers(coaches):
    told = Told()
    EmbeddedUnderstanding(coaches, told).understand("two to Truro", TalkState())
    message = "two to Truro"
    hints = {message[one.start : one.end]: one for one in told.hints if one.part == MESSAGE}
    assert hints["two"].is_number
    assert {told.labels[place] for place in hints["Truro"].facets} == {"origin", "destination"}


def test_values_that_are_told_by_numbers_are_hinted_at_as_numbers():
    """'4 doors' may be said of a car, a house or an advent calendar: what stands around it tells."""
    rows = [{"title": f"Car {n}", "body": f"{2 + n % 4} doors", "mood": ("calm", "wild")[n % 2]} for n in range(60)]
    told = Told()
    EmbeddedUnderstanding(catalog_of(rows), told).understand("wild 4 doors", TalkState())
    mood, *doors = sorted((one for one in told.hints if one.part == MESSAGE), key=lambda one: one.start)
    assert [told.labels[place] for place in mood.facets] == ["mood"]
    assert [(one.start, one.is_number, one.facets) for one in doors] == [(5, True, ())]


def test_a_question_about_an_item_keeps_what_the_parser_read(tales):
    said = Said("Velvet Engine", {"title": 0.95})
    alone = EmbeddedUnderstanding(tales).understand("who directed Velvet Engine?", TalkState())
    assert understood(tales, "who directed Velvet Engine?", said) == alone


@pytest.mark.parametrize(
    "message", ["", "  ", "🦜🦜", "\x00", "no", "a" * 5000, "Truro " * 900, "مرحبا", "e\u0301" * 50]
)
def test_any_message_is_decided_on(coaches, message):
    request = understood(coaches, message, heard="Which town? " * 200)
    assert all(0 <= one.span[0] < one.span[1] <= len(message) for one in request.constraints if one.span)
