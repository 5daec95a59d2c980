"""The check's test set: it is what it says it is, and what is measured with it is counted right."""

import io
import json
import re
from collections import Counter

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from shoptalk.eval.claims import Half, claim_sentences, measure_check
from shoptalk.eval.claims.answers import CATALOGS, hold_talks
from shoptalk.eval.claims.lies import WAYS
from shoptalk.eval.claims.measuring import BASELINE, CHECK, names_and_numbers, wilson
from shoptalk.eval.claims.saying import Claim, arguable, holds
from shoptalk.eval.claims.sentences import BY_HAND, HALLUCINATED, half_of
from shoptalk.ui.check_command import check, check_tables

# How a number of one pick is said in some of the wordings, and what it is to be multiplied with for the record's unit.
SPOKEN_NUMBERS = {
    "runtime": (r"(?:runs|clocks in at|running time of) (\d+) min", 1),
    "year": (r"(?:came out in|is from|was released in|dates from) (\d{4})[ .,;]", 1),
    "price_usd": (r"(?:costs|is priced at|goes for|comes in at) \$(\d+)(?!\d| more)", 1),
    "price_per_night_eur": (r"(?:costs|is|comes to) €(\d+) (?:a|per) night", 1),
    "weight_g": (r"(?:weighs|weighs in at|puts) (\d+) g", 1),
    "battery_hours": (r"(?:runs for|lasts|gives you|battery life of) (\d+) hours", 60),
    "guest_rating": (r"(?:has a guest rating of|is rated) (\d\.?\d?)", 1),
    "rooms": (r"(?:has|offers) (\d+) rooms", 1),
}


@pytest.fixture(scope="module")
def sentences():
    return claim_sentences()


@pytest.fixture(scope="module")
def answers():
    return {talk.key: talk.answer for talk in hold_talks()}


def test_it_is_large_and_varied_enough(sentences):
    true = [one for one in sentences if one.true]
    false = [one for one in sentences if not one.true]
    assert len(true) >= 500
    assert len(false) >= 500
    assert {one.catalog for one in true} == {one.catalog for one in false} == set(CATALOGS)
    assert min(Counter(one.catalog for one in sentences).values()) >= 300
    assert {one.way for one in false} == {*WAYS, HALLUCINATED}
    assert min(Counter(one.way for one in false).values()) >= 30
    assert sum(one.way == BY_HAND for one in true) >= 120


def test_both_halves_have_their_share_of_everything(sentences):
    for half in Half:
        here = [one for one in sentences if one.half is half]
        assert len(here) > 0.4 * len(sentences)
        assert {one.catalog for one in here} == set(CATALOGS)
        assert {one.way for one in here} == {one.way for one in sentences}


def test_a_half_is_a_matter_of_the_talk_and_the_way_alone(sentences):
    halves = {}
    for one in sentences:
        assert halves.setdefault((one.catalog, one.talk, one.way), one.half) is one.half
    assert half_of("films", "like-alien", "swapped item") is half_of("films", "like-alien", "swapped item")


def test_the_same_seed_gives_the_same_set(sentences):
    again = claim_sentences.__wrapped__(0)
    assert [(one.sentence, one.true) for one in again] == [(one.sentence, one.true) for one in sentences]
    other = claim_sentences.__wrapped__(1)
    assert {one.sentence for one in other} != {one.sentence for one in sentences}


def test_every_falsified_sentence_differs_from_a_true_one_of_its_talk(sentences):
    true = {(one.catalog, one.talk, one.sentence) for one in sentences if one.true}
    plain = {one.sentence for one in sentences if one.true}
    for one in sentences:
        if one.source:
            assert one.sentence != one.source
            assert (one.catalog, one.talk, one.source) in true or one.source in plain


def test_nothing_is_said_to_be_both_true_and_false(sentences):
    said = {flag: {(x.catalog, x.talk, x.sentence) for x in sentences if x.true is flag} for flag in (True, False)}
    assert not said[True] & said[False]


@pytest.mark.parametrize("facet", SPOKEN_NUMBERS)
def test_numbers_of_true_sentences_stand_in_the_records(sentences, facet):
    pattern, scale = SPOKEN_NUMBERS[facet]
    found = [(one, match) for one in sentences if one.true for match in re.finditer(pattern, one.sentence)]
    assert found
    for one, match in found:
        items = [*(pick.item for pick in one.answer.picks), *one.answer.named.values()]
        values = [item.facets.get(facet) for item in items]
        assert float(match[1]) * scale in values, one


def test_picks_out_of_range_are_spoken_of_in_false_sentences_only(sentences):
    beyond = [
        one
        for one in sentences
        if any(int(place) > len(one.answer.picks) for place in re.findall(r"\[(\d+)\]", one.sentence))
    ]
    assert beyond
    assert not any(one.true for one in beyond)


def test_claims_are_held_against_the_records(answers):
    alien = answers["films/like-alien"]  # Aliens (137 min), Body Snatchers, Contact, The Martian (Ridley Scott)
    assert holds(Claim("number", (1,), "runtime", 137.0), alien)
    assert not holds(Claim("number", (2,), "runtime", 137.0), alien)
    assert holds(Claim("shared", (4,), "directors", "Ridley Scott", "alien-1979"), alien)
    assert not holds(Claim("shared", (1,), "directors", "James Cameron", "alien-1979"), alien)
    assert holds(Claim("more", (1, 2), "runtime"), alien)
    assert not holds(Claim("less", (1, 2), "runtime"), alien)
    assert holds(Claim("gap", (1, 2), "runtime", 22.0), alien)
    assert holds(Claim("all", (), "genres", "Science Fiction"), alien)
    assert not holds(Claim("both", (1, 4), "genres", "Horror"), alien)
    assert holds(Claim("only", (4,), "directors", "Ridley Scott"), alien)
    assert not holds(Claim("number", (5,), "runtime", 137.0), alien)
    assert holds(Claim("model", other="alien-1979"), alien)
    assert not holds(Claim("liked", other="alien-1979"), alien)


def test_what_only_the_text_says_is_neither_true_nor_false(answers):
    small = answers["hotels/small"]  # the third one's text speaks of a garden that its amenities do not have
    assert arguable(Claim("not", (3,), "amenities", "garden"), small)
    assert not arguable(Claim("value", (1,), "amenities", "garden"), small)


def test_a_perfect_check_and_a_useless_one(sentences):
    false = {(id(one.answer), one.sentence) for one in sentences if not one.true}
    told = []
    report = measure_check(
        {
            "perfect": lambda answer: lambda said: ["false"] if (id(answer), said) in false else [],
            "stops all": lambda answer: lambda said: ["no"],
        },
        tell=told.append,
    )
    perfect, useless = report.checks
    for half in perfect.halves:
        assert (half.false_stopped.share.value, half.true_cut.share.value) == (1.0, 0.0)
        assert sum(rate.of for rate in half.false_by_way.values()) == half.false_stopped.of
        assert sum(rate.of for rate in half.true_by_catalog.values()) == half.true_cut.of
    assert [half.true_cut.share.value for half in useless.halves] == [1.0, 1.0]
    assert sum(half.false_stopped.of + half.true_cut.of for half in perfect.halves) == len(sentences)
    held = {(f"{one.catalog}/{one.talk}", one.way) for one in sentences if one.half is Half.HELD}
    assert told
    assert all(miss["check"] == "stops all" and miss["true"] for miss in told)
    assert not any((miss["talk"], miss["way"]) in held for miss in told)


def test_names_and_numbers_alone_do_not_tell_true_from_false():
    (figures,) = measure_check({BASELINE: names_and_numbers}).checks
    for half in figures.halves:
        assert half.false_stopped.share.high < 0.9
        assert half.false_by_way["no such pick"].share.value > 0.8


@pytest.mark.parametrize(
    ("stopped", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)]
)
def test_wilson_intervals(stopped, of, low, high):
    # Newcombe, Statistics in Medicine 17 (1998), method 3
    assert wilson(stopped, of).low == pytest.approx(low, abs=1e-4)
    assert wilson(stopped, of).high == pytest.approx(high, abs=1e-4)


def test_the_command_tells_both_checks_and_only_the_open_halfs_errors(tmp_path, sentences):
    app = typer.Typer()
    app.command()(check)
    misses = tmp_path / "misses.jsonl"
    done = CliRunner().invoke(app, ["--json", "-", "--misses", str(misses)])
    assert done.exit_code == 0, done.output
    assert [one["name"] for one in json.loads(done.stdout)["checks"]] == [BASELINE, CHECK]
    told = [json.loads(line) for line in misses.read_text(encoding="utf-8").splitlines()]
    open_half = {one.sentence for one in sentences if one.half is Half.OPEN}
    assert told
    assert all(miss["sentence"] in open_half for miss in told)


def test_the_tables_show_every_way(sentences):
    console = Console(width=160, record=True, file=io.StringIO())
    for table in check_tables(measure_check({BASELINE: names_and_numbers})):
        console.print(table)
    text = console.export_text()
    assert all(way in text for way in {one.way for one in sentences})
