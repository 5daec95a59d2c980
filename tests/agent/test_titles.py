"""Titles in running talk: found as people write them, and not seen where there are none."""

import string

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shoptalk.agent.state import TalkState
from shoptalk.agent.titles import Titles
from shoptalk.agent.understanding import EmbeddedUnderstanding
from shoptalk.retrieval.catalog import Catalog, Item
from shoptalk.retrieval.query import Stance
from shoptalk.retrieval.schema import Column, Kind, Meaning, Role, Schema


def catalog_of(rows, facets=()):
    """Items from (id, title, facet values) over facets (name, kind, meaning)."""
    columns = [Column(name="id", role=Role.ID), Column(name="title", role=Role.TITLE)]
    columns += [Column(name=n, role=Role.FACET, kind=kind, label=n, meaning=meaning) for n, kind, meaning in facets]
    return Catalog.from_items([Item(id=i, title=t, facets=f) for i, t, f in rows], Schema(columns=tuple(columns)))


FILM_FACETS = (
    ("year", Kind.NUMBER, Meaning.YEAR), ("votes", Kind.NUMBER, Meaning.POPULARITY),
    ("genres", Kind.CATEGORIES, Meaning.GENRE), ("director", Kind.CATEGORY, Meaning.PERSON),
)  # fmt: skip
PICTURES = [
    ("spider", "Spider-Man", 2002, 900, "Action", "Sam Raimi"), ("rocky", "Rocky", 1976, 800, "Drama", "John Avildsen"),
    ("rocky2", "Rocky II", 1979, 400, "Drama", "Sylvester Stallone"), ("up", "Up", 2009, 950, "Animation", "Pete Docter"),
    ("it17", "It", 2017, 900, "Horror", "Andy Muschietti"), ("it27", "It", 1927, 3, "Comedy", "Clarence Badger"),
    ("home", "Home", 2015, 300, "Animation", "Tim Johnson"), ("saw", "Saw", 2004, 700, "Horror", "James Wan"),
    ("lot", "A Lot Like Love", 2005, 200, "Romance", "Nigel Cole"), ("big", "Big", 1988, 800, "Comedy", "Penny Marshall"),
    ("action", "Action", 1980, 5, "Drama", "Pete Docter"), ("ocean", "Ocean's Eleven", 2001, 850, "Crime", "Steven Soderbergh"),
    ("mulholland", "Mulholland Drive", 2001, 600, "Mystery", "David Lynch"), ("zoot", "Zootopia", 2016, 900, "Animation", "Byron Howard"),
    ("sw", "Star Wars: Episode IV - A New Hope", 1977, 990, "Action", "George Lucas"), ("pride", "Pride & Prejudice", 2005, 700, "Romance", "Joe Wright"),
    ("star18", "A Star Is Born", 2018, 900, "Romance", "Bradley Cooper"), ("star76", "A Star Is Born", 1976, 300, "Romance", "Frank Pierson"),
    ("scary", "Scary Movie", 2000, 600, "Comedy", "Keenen Wayans"), ("alien", "Alien", 1979, 980, "Horror", "Ridley Scott"),
    ("alien3", "Alien 3", 1992, 500, "Horror", "David Fincher"), ("hard", "Die Hard", 1988, 950, "Action", "John McTiernan"),
    ("schind", "Schindler's List", 1993, 970, "Drama", "Steven Spielberg"), ("tale", "The Grand Budapest Hotel", 2014, 900, "Comedy", "Wes Anderson"),
]  # fmt: skip


@pytest.fixture(scope="module")
def pictures():
    return catalog_of(
        [
            (i, title, {"year": float(year), "votes": float(votes), "genres": (genre,), "director": director})
            for i, title, year, votes, genre, director in PICTURES
        ],
        FILM_FACETS,
    )


def reader(catalog):
    understanding = EmbeddedUnderstanding(catalog)
    return lambda message: [m.item_id for m in understanding.understand(message, TalkState()).mentions]


@pytest.fixture(scope="module")
def named(pictures):
    return reader(pictures)


AS_PEOPLE_WRITE = [
    ("oh the other day my sister and i put on spiderman and it was fun", ["spider"]),
    ("have you seen spider man?", ["spider"]),
    ("have you seen spidreman", ["spider"]),
    ("i would say rocky 2 is my favorite", ["rocky2"]),
    ("rocky two is better than the first one", ["rocky2"]),
    ("oceans 11 was great", ["ocean"]),
    ("we watched ocean's eleven again", ["ocean"]),
    ("my mum adored pride and prejudice", ["pride"]),
    ("pride & prejudice is a good one", ["pride"]),
    ("have you seen star wars", ["sw"]),
    ("i was thinking of muholland drive or zootopa", ["mulholland", "zoot"]),
    ("shindlers list made me cry", ["schind"]),
    ("grand budapest hotel is lovely", ["tale"]),
    ("i loved teh grand budapst hotel", ["tale"]),
    ("alien 3 was a mess", ["alien3"]),
    ("I liked die hard", ["hard"]),
    ("i love Big and zootopia", ["big", "zoot"]),
]


@pytest.mark.parametrize(("message", "ids"), AS_PEOPLE_WRITE)
def test_titles_are_found_as_people_write_them(named, message, ids):
    assert named(message) == ids


NOT_TITLES = [
    "it was a great night", "i want something like that", "I love action and have seen many", "have you seen it?",
    "i saw it at home", "what is up with you", "it is a big deal for us", "there is not a lot like it",
    "looking for a scary movie", "we stayed home last night", "action movies please", "i work hard and die a little",
    "show me the best ones", "a big star", "yes please, that sounds good",
]  # fmt: skip


@pytest.mark.parametrize("message", NOT_TITLES)
def test_words_that_happen_to_be_titles_mean_what_they_say(named, message):
    assert named(message) == []


NAMESAKES = [
    ("have you seen a star is born", "star18"),
    ("have you seen a star is born (1976)", "star76"),
    ("a star is born 1976 is better", "star76"),
    ("the 1976 version of a star is born", "star76"),
    ("a star is born by frank pierson", "star76"),
    ("I liked It (1927)", "it27"),
    ("I liked It (2017)", "it17"),
]


@pytest.mark.parametrize(("message", "item_id"), NAMESAKES)
def test_of_namesakes_the_best_known_unless_the_sentence_says_otherwise(named, message, item_id):
    assert named(message)[:1] == [item_id]


def test_quotes_and_capitals_speak_for_a_title_of_plain_words(named):
    assert named('we watched "home" with the kids') == ["home"]
    assert named("my kids like Home a lot") == ["home"]


def test_a_facet_value_is_not_stolen_by_a_title(pictures):
    request = EmbeddedUnderstanding(pictures).understand("something with action", TalkState())
    assert not request.mentions
    assert [(c.facet, c.value) for c in request.constraints] == [("genres", "Action")]


def test_stances_stay_with_their_titles(pictures):
    request = EmbeddedUnderstanding(pictures).understand("I loved zootopa but hated mulholland drve", TalkState())
    assert [(m.item_id, m.stance) for m in request.mentions] == [
        ("zoot", Stance.LIKED), ("mulholland", Stance.DISLIKED)
    ]  # fmt: skip


OTHER_TRADES = [
    (
        ["Bohemian Rhapsody", "Yesterday", "Dancing Queen", "Smells Like Teen Spirit", "Help!"],
        [("i keep listening to bohemian rapsody", [0]), ("dancing queen and smells like teen spirit", [2, 3]),
         ("i got here yesterday", []), ("can you help me", [])],
    ),
    (
        ["The Gilded Fern Hotel", "Harbour View Inn", "City Hotel", "Hotel Central"],
        [("we stayed at the gilded fern hotel", [0]), ("harbor view inn was nice", [1]), ("a hotel in the city", []),
         ("a central hotel with a view", [])],
    ),
    (
        ["Red kettle", "Blue kettle", "Brixton Toaster 4200X", "Corvo AeroPress 77B"],
        [("is the brixton toaster 4200x any good", [2]), ("a quiet blue one", []), ("a kettle that is not red", []),
         ("what about the corvo aeropres 77b?", [3])],
    ),
    (
        ["Golden Wok", "Nandos", "La Margherita", "Pizza Hut City Centre", "Curry Garden"],
        [("i liked la margerita", [2]), ("i ate at the golden wok", [0]), ("some pizza in the city centre", []),
         ("a place with a garden", [])],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("titles", "message", "rows"), [(titles, *case) for titles, cases in OTHER_TRADES for case in cases]
)
def test_titles_of_other_trades(titles, message, rows):
    named = reader(catalog_of([(str(row), title, {}) for row, title in enumerate(titles)]))
    assert named(message) == [str(row) for row in rows]


#: Titles that one letter off cannot turn into words that people say.
LONG = [(i, t) for i, t, *_ in PICTURES if i in ("spider", "mulholland", "zoot", "pride", "ocean", "schind", "tale")]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(LONG), st.data())
def test_one_letter_off_still_names_the_film(named, picture, data):
    item_id, title = picture
    said = title.lower()
    places = [i for i, c in enumerate(said) if c.isalpha()]
    at = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([c for c in string.ascii_lowercase if c != said[at]]))
    typed = data.draw(
        st.sampled_from([said[:at] + other + said[at + 1 :], said[:at] + said[at + 1 :], said[:at] + other + said[at:]])
    )
    assume(not typed.endswith("-an"))  # two English words, and so less of a title
    assert named(f"have you seen {typed}") == [item_id]


def test_titles_know_their_other_spellings(pictures):
    titles = Titles(pictures)
    for said in (("rocky", "ii"), ("rocky", "2"), ("rocky", "two"), ("rocky", "part", "2")):
        assert pictures.ids[titles.exact(said)] == "rocky2"
    assert titles.exact(("rocky", "9")) is None


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_names_only_items_of_the_catalog(named, pictures, text):
    assert all(one in pictures for one in named(text))


@pytest.mark.parametrize(
    ("message", "facet", "value"),
    [("something with Charlie Chaplin", "director", "Charlie Chaplin"), ("a comedy by HP", "director", "HP"),
     ("only after 2010", "year", 2010.0)],
)  # fmt: skip
def test_a_value_or_a_bound_that_a_title_looks_like_names_no_item(message, facet, value):
    rows = [
        ("chaplin", "Chaplin", {"year": 1992.0, "genres": ("Drama",), "director": "Richard Attenborough"}),
        ("kid", "The Kid", {"year": 1921.0, "genres": ("Comedy",), "director": "Charlie Chaplin"}),
        ("2010", "2010", {"year": 1984.0, "genres": ("Drama",), "director": "Peter Hyams"}),
        ("stand", "HP (dc7600SFF) Tower Stand", {"year": 2006.0, "genres": ("Comedy",), "director": "HP"}),
    ]
    request = EmbeddedUnderstanding(catalog_of(rows, FILM_FACETS)).understand(message, TalkState())
    assert not request.mentions
    assert (facet, value) in [(one.facet, one.value) for one in request.constraints]
