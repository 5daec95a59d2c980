"""What the page shows and does, up to the browser: conversation, cards, examples."""

import json
import logging
import socket
from html.parser import HTMLParser
from itertools import pairwise
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.agent.events import Pick
from shoptalk.errors import ShopError
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema
from shoptalk.settings import Settings
from shoptalk.shop import Shop
from shoptalk.ui.art import kind_of_shop, placeholder
from shoptalk.ui.cards import card, facts, picture, spoken
from shoptalk.ui.conversation import Conversation, Mark
from shoptalk.ui.examples import examples
from shoptalk.ui.page import look, make_page, serve
from shoptalk.ui.talks import Talks
from shoptalk.ui.thread import prose, said, shop_title, shown

_HOSTILE = '<img src=x onerror="alert(1)">${alert(1)}'
_PIXEL = "data:image/png;base64,iVBORw0KGgo="


def _facet(name, kind, meaning=None, **more):
    return Column(name=name, role=Role.FACET, kind=kind, meaning=meaning, label=name, **more)


_PRICE = _facet("price", Kind.NUMBER, Meaning.PRICE, unit="USD")
_SCHEMA = Schema(
    columns=(
        Column(name="title", role=Role.TITLE),
        _PRICE,
        _facet("year", Kind.NUMBER, Meaning.YEAR),
        _facet("length", Kind.NUMBER, Meaning.DURATION, unit="min"),
        _facet("genres", Kind.CATEGORIES, Meaning.GENRE),
        _facet("directors", Kind.CATEGORIES, Meaning.PERSON),
        _facet("votes", Kind.NUMBER, Meaning.POPULARITY),
    )
)


class _Tags(HTMLParser):
    """The elements of a piece of HTML, with their attributes, and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    root = tmp_path_factory.mktemp("page")
    records = [
        {
            "id": f"b{n}",
            "title": f"{place} {kind}",
            "genre": kind.lower(),
            "year": 1950 + 3 * n,
            "price": 4.5 + n,
            "description": f"A {kind.lower()} that is set in {place}.",
        }
        for n, (place, kind) in enumerate(
            (place, kind) for place in ("Lisbon", "Oslo", "Cairo", "Quito", "Hanoi") for kind in ("Thriller", "Romance")
        )
    ]
    source = root / "books.jsonl"
    source.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    settings = Settings(home=root, cache=root / "cache", encoder="hashing", chroma_url=None)
    with Shop.build(source, root / "books", settings=settings) as built:
        yield built


@pytest.fixture
def conversation(shop):
    return Conversation.of(shop.talk(), len(shop.catalog))


def _last(turns):
    *_, last = turns
    return last


def test_an_answer_grows_word_by_word_and_ends_whole(conversation):
    turns = list(conversation.say("a thriller"))
    texts = [turn.text for turn in turns]
    assert len(set(texts)) > 3
    assert all(late.startswith(early) for early, late in pairwise(texts))
    assert any(turn.status.startswith("Found 5 of 10") for turn in turns)
    assert turns[0].working
    assert not turns[-1].working
    assert {pick.item.facets["genre"] for pick in turns[-1].picks} == {"thriller"}
    assert turns[-1].passing == 5


def test_what_is_rejected_leaves_the_same_answer(conversation):
    first = _last(conversation.say("a thriller")).picks[0].item
    turn = _last(conversation.mark(first.id, Mark.REJECTED))
    assert first.id not in {pick.item.id for pick in turn.picks}
    assert len(conversation.turns) == 1
    assert conversation.marks[first.id] == {Mark.REJECTED}
    chip = next(chip for chip in turn.chips if first.title in chip.label)
    _last(conversation.drop(chip.key))
    assert first.id not in conversation.marks


def test_what_was_seen_is_set_aside_and_said_so(conversation):
    first = _last(conversation.say("a romance")).picks[0].item
    turn = _last(conversation.mark(first.id, Mark.SEEN))
    assert turn.seen == (first.title,)
    assert first.id not in {pick.item.id for pick in turn.picks}
    assert list(conversation.mark(first.id, Mark.SEEN)) == []


def test_like_is_kept_and_more_like_this_is_a_message(conversation):
    first = _last(conversation.say("a romance")).picks[0].item
    _last(conversation.mark(first.id, Mark.LIKED))
    assert Mark.LIKED in conversation.marks[first.id]
    turn = _last(conversation.more_like(first.id))
    assert turn.message == f'more like "{first.title}"'
    assert first.id not in {pick.item.id for pick in turn.picks}


def test_opening_an_items_page_and_coming_back_is_noted(shop, conversation):
    first = _last(conversation.say("a romance")).picks[0].item
    conversation.opened(first.id)
    for seconds in (12.5, 1e9, -1.0, float("nan"), float("inf")):
        conversation.looked_at(first.id, seconds)
    recorded = next(one for one in shop.log.recorded() if one.id == conversation.talk.id)
    told = [(one.item, one.kind.value, one.seconds) for one in recorded.feedback]
    assert told == [(first.id, "clicked", 0), (first.id, "dwelled", 12.5), (first.id, "dwelled", 3600)]


def test_clicks_on_what_was_never_shown_do_nothing(conversation):
    _last(conversation.say("a romance"))
    conversation.opened("nobody")
    conversation.looked_at("nobody", 10.0)
    assert [*conversation.mark("nobody", Mark.LIKED), *conversation.more_like("nobody")] == []
    assert [*conversation.drop("nothing"), *conversation.retry(), *conversation.say("  ")] == []


def test_a_conversation_is_read_back_from_the_log(shop, conversation):
    first = _last(conversation.say("a thriller")).picks[0].item
    _last(conversation.mark(first.id, Mark.REJECTED))
    again = Conversation.of(shop.talk(id=conversation.talk.id), len(shop.catalog))
    assert [turn.message for turn in again.turns] == ["a thriller"]
    assert again.turns[0].picks == conversation.turns[0].picks
    assert again.marks == conversation.marks
    conversation.start_over()
    assert conversation.turns == []


def test_a_turn_that_fails_keeps_the_message_and_can_be_tried_again(conversation, caplog):
    known, conversation.talk.id = conversation.talk.id, "gone"
    with caplog.at_level(logging.ERROR):
        turn = _last(conversation.say("a thriller"))
    conversation.talk.id = known
    assert turn.message == "a thriller"
    assert "Your message is kept" in turn.problem
    assert "gone" not in said(turn)
    assert "Traceback" in caplog.text
    assert _last(conversation.retry()).picks
    assert len(conversation.turns) == 1


def test_a_click_that_fails_says_so(conversation):
    first = _last(conversation.say("a thriller")).picks[0].item
    conversation.talk.id = "gone"
    turn = _last(conversation.mark(first.id, Mark.LIKED))
    assert "could not be noted" in turn.problem
    assert turn.picks
    conversation.start_over()
    assert conversation.turns


def test_facts_on_a_card_come_from_what_facets_mean():
    item = Item(
        id="1",
        title="Alien",
        facets={
            "price": 1299.0,
            "year": 1979.0,
            "length": 117.0,
            "genres": ("Horror", "Science Fiction"),
            "directors": ("Ridley Scott",),
            "votes": 9.0,
        },
    )
    told = facts(item, _SCHEMA)
    assert told.line == ("$1,299", "1979", "117 min")
    assert told.tags == ("Horror", "Science Fiction")
    assert told.rows == (("director", "Ridley Scott"),)


@pytest.mark.parametrize(
    ("facet", "value", "words"),
    [
        (_PRICE, 4.5, "$4.50"),
        (_facet("p", Kind.NUMBER, Meaning.PRICE, unit="€"), 20.0, "€20"),
        (_facet("p", Kind.NUMBER, Meaning.PRICE, unit="SEK"), 1200.0, "1,200 SEK"),
        (_facet("p", Kind.NUMBER, Meaning.PRICE), 12.0, "12"),
        (_facet("r", Kind.NUMBER, Meaning.RATING), 4.6, "★ 4.6"),
        (_facet("screen", Kind.NUMBER, Meaning.SIZE, unit="inch"), 15.6, "15.6 inch"),
        (_facet("out", Kind.DATE), "2024-05-01", "1 May 2024"),
        (_facet("out", Kind.DATE), "soon", "soon"),
        (_facet("organic", Kind.FLAG), True, "organic"),
        (_facet("organic", Kind.FLAG), False, "not organic"),
        (_facet("cast", Kind.CATEGORIES), ("A", "B", "C", "D"), "A, B +2"),
    ],
)
def test_values_are_written_as_people_write_them(facet, value, words):
    assert spoken(facet, value) == words


def test_text_of_items_stays_text_wherever_it_stands():
    hostile = Item(
        id=_HOSTILE,
        title=_HOSTILE,
        text=_HOSTILE,
        facets={"genres": (_HOSTILE,), "directors": (_HOSTILE,)},
        link='https://x.example/"onclick="alert(1)',
    )
    parsed = _Tags(card(Pick(item=hostile, score=1.0, reasons=(_HOSTILE,)), _SCHEMA, frozenset(), "remote"))
    expected = "article div svg rect circle path g text h3 a p ul li dl dt dd span button"
    assert {tag for tag, _ in parsed.tags} <= set(expected.split())
    assert not [name for _, attributes in parsed.tags for name in attributes if name.startswith("on")]
    assert parsed.words.count(_HOSTILE) == 5
    assert "<img" not in prose(_HOSTILE)


@given(st.text())
def test_any_title_is_shown_as_it_is(title):
    parsed = _Tags(card(Pick(item=Item(id="1", title=title), score=0.0), _SCHEMA, frozenset({Mark.LIKED}), "local"))
    assert [attributes["aria-label"] for tag, attributes in parsed.tags if tag == "article"] == [title]
    assert sum(tag == "button" for tag, _ in parsed.tags) == 4


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "http://[broken", None])
def test_only_web_addresses_become_links(link):
    html = card(Pick(item=Item(id="1", title="A", link=link), score=0.0), _SCHEMA, frozenset(), "local")
    assert "<a " not in html


def test_pictures_from_elsewhere_are_shown_only_when_asked_for(tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"\x89PNG")
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")

    def shows(address, pictures="local"):
        return "<img" in picture(Item(id="1", title="A", picture=address), "tag", pictures)

    assert shows(_PIXEL)
    assert shows(str(photo))
    assert shows(photo.as_uri())
    assert shows("https://pictures.example/a.jpg", "remote")
    refused = ["https://pictures.example/a.jpg", "//pictures.example/a.jpg", str(secret), str(tmp_path / "none.png")]
    refused += ["photo.png", "data:image/svg+xml;base64,PHN2Zz4=", "javascript:alert(1)", "file://host/a.png", "\0.png"]
    assert [address for address in refused if shows(address)] == []


def test_a_drawing_depends_on_the_title_alone():
    assert placeholder("Alien", "film") == placeholder("Alien", "film")
    assert len({placeholder(f"Alien {n}", "film") for n in range(40)}) == 40
    assert "><" not in _Tags(placeholder("><", "tag")).words


@pytest.mark.parametrize(
    ("meanings", "kind"),
    [
        ((Meaning.DURATION, Meaning.YEAR), "film"),
        ((Meaning.PLACE, Meaning.PRICE), "place"),
        ((Meaning.PRICE,), "tag"),
        ((Meaning.PERSON,), "book"),
        ((), "star"),
    ],
)
def test_the_kind_of_shop_is_guessed_from_its_facets(meanings, kind):
    facets = tuple(_facet(f"f{n}", Kind.CATEGORY, meaning) for n, meaning in enumerate(meanings))
    assert kind_of_shop(Schema(columns=(Column(name="t", role=Role.TITLE), *facets))) == kind


def test_examples_are_made_from_the_catalog_and_find_something(shop):
    made = examples(shop.catalog)
    assert made == examples(shop.catalog)
    assert 2 <= len(made) <= 4
    assert all(shop.talk().say(message).picks for message in made)


def test_examples_of_the_films_are_varied(films):
    assert len(examples(films)) == 4


def test_a_catalog_of_titles_alone_still_has_an_example():
    schema = Schema(columns=(Column(name="title", role=Role.TITLE),))
    assert examples(Catalog.from_items([Item(id="1", title="Alien")], schema)) == ("Something like Alien",)
    assert examples(Catalog.from_items([], schema)) == ()


def test_prose_knows_paragraphs_and_lists():
    html = prose("Two **good** ones:\n1. Alien\n2. Brazil\n\n- a < b")
    assert html == (
        "<p>Two <strong>good</strong> ones:</p><ol><li>Alien</li><li>Brazil</li></ol><ul><li>a &lt; b</li></ul>"
    )


def test_chips_can_be_taken_back_and_suggestions_said(conversation, shop):
    turn = _last(conversation.say("a thriller under $9"))
    html = shown(turn, len(shop.catalog), conversation.marks, shop.catalog.schema, "local")
    acts = [attributes for tag, attributes in _Tags(html).tags if tag == "button"]
    assert {chip.key for chip in turn.chips} == {act["data-key"] for act in acts if act["data-act"] == "drop"}
    assert list(turn.suggestions) == [act["data-text"] for act in acts if act["data-act"] == "say"]
    assert all(act.get("aria-label") or act["data-act"] in ("say", "choose", "undo") for act in acts)


def test_an_offer_is_taken_with_a_click_and_undone(conversation, shop):
    turn = _last(conversation.say("a thriller under $2"))
    schema = shop.catalog.schema
    html = shown(turn, len(shop.catalog), conversation.marks, schema, "local")
    buttons = [attributes for tag, attributes in _Tags(html).tags if tag == "button"]
    places = [button["data-text"] for button in buttons if button["data-act"] == "choose"]
    assert places == [str(place) for place in range(len(turn.question.choices))]
    assert not [button for button in buttons if button["data-act"] in ("undo", "say")]
    taken = _last(conversation.choose(0))
    assert taken.message == turn.question.choices[0].label
    assert taken.passing == turn.question.choices[0].count
    changed = shown(taken, len(shop.catalog), conversation.marks, schema, "local")
    assert "<del>price under 2</del>" in changed
    assert 'data-act="undo"' in changed
    back = _last(conversation.undo())
    assert back.chips == turn.chips
    assert back.question == turn.question
    assert [one.message for one in conversation.turns] == ["a thriller under $2", taken.message, "undo"]


def test_a_choice_that_is_not_offered_does_nothing(conversation):
    _last(conversation.say("a thriller"))
    assert list(conversation.choose(7)) == []
    _last(conversation.say("start over"))
    assert list(conversation.choose(0)) == []


def test_hostile_words_stay_words_in_what_changed(conversation, shop):
    _last(conversation.say("a romance"))
    turn = _last(conversation.say(_HOSTILE))
    html = shown(turn, len(shop.catalog), conversation.marks, shop.catalog.schema, "local")
    assert not [tag for tag, _ in _Tags(html).tags if tag == "img"]


def test_a_shop_is_called_by_its_name():
    assert shop_title("my-wine_shop") == "My wine shop"


def test_a_key_opens_the_talk_it_was_given_for_and_no_other(shop):
    talks = Talks(shop)
    key, conversation = talks.new()
    assert talks.get(key) == (key, conversation)
    forged = (None, "", 7, conversation.talk.id, f"{conversation.talk.id}.0", Talks(shop).new()[0])
    assert all(talks.get(one)[1].talk.id != conversation.talk.id for one in forged)


def test_a_talk_that_was_let_go_is_opened_again(shop):
    talks = Talks(shop, most=1)
    key, conversation = talks.new()
    _last(conversation.say("a thriller"))
    talks.new()
    again = talks.get(key)[1]
    assert again is not conversation
    assert again.turns[0].message == "a thriller"


def test_serve_says_where_once_the_page_answers_and_stops_cleanly(shop):
    class EnoughError(Exception):
        pass

    def ready(address):
        with urlopen(address, timeout=30) as answer:
            assert b"gradio" in answer.read()
        found.append(address)
        raise EnoughError

    found: list[str] = []
    with pytest.raises(EnoughError):
        serve(shop, open_browser=False, ready=ready)
    assert found[0].startswith("http://127.0.0.1:")
    with pytest.raises(OSError, match="refused"):
        urlopen(found[0], timeout=5)


def test_a_taken_port_is_told(shop):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ShopError, match="port"):
            serve(shop, port=taken.getsockname()[1], open_browser=False)


def test_the_page_asks_for_no_fonts_from_elsewhere(shop):
    assert make_page(shop).analytics_enabled is False
    assert not [sheet for sheet in look()["theme"]._stylesheets if "//" in sheet]
