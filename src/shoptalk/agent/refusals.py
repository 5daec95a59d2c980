"""The English of refusing: cues that open a negation, turns that take it back, words that end it. Data only.

A phrase is a run of words; 'a|b' stands for either, '*' for any one word, 'NOT' for any word of `NOT_WORDS`. Between
the words of a phrase up to two of `TRANSPARENT` may stand ('do not really need').
"""

from collections import defaultdict
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shoptalk.agent.words import DEGREES

__all__ = ["DEGREES", "PHRASES", "Cue"]


class Cue(StrEnum):
    """What a cue does with the words in its reach."""

    REFUSE = "refuses what follows"
    EXCEPT = "sets what follows apart from what is wanted"
    NON = "refuses the next word"
    BARRED = "refuses what stands before it"
    RELEASE = "lets off what follows: it need not be, but may"
    WAIVE = "lets off what it is said of, before or after it"
    KEEP = "turns nothing round, whatever it looks like"


NOT_WORDS: Final = frozenset(
    """not dont doesnt didnt isnt arent wasnt werent wont wouldnt cant cannot couldnt shouldnt mustnt neednt hasnt
    havent hadnt aint never""".split()
)
ARTICLES: Final = frozenset("a an the any anything your".split())
#: Contractions that open a question when a subject follows.
ASKING: Final = frozenset(
    "dont doesnt didnt isnt arent wasnt wont wouldnt cant couldnt shouldnt havent hasnt aint".split()
)
SUBJECTS: Final = frozenset("there you we i they it he she that this".split())
PRONOUNS: Final = frozenset("i we you he she they id im ill ive".split())
VERBS_WITH_I: Final = frozenset(
    """want need wanted am prefer love like would will id have had do was looking fancy think hope just only really
    would'd""".split()
)

_PHRASES: Final = {
    Cue.REFUSE: """
        NOT; no; without; w o; nothing; none; neither; nor; nobody; avoid|avoiding|avoids; skip|skipping;
        hate|hates|hated|hating; loathe|loathes; despise|despises; detest|detests; dislike|dislikes|disliked;
        exclude|excludes; leave out; rule|ruled|ruling out; left|leaving out; cut out; cut the; hold the; lose the;
        ditch the; spare me|us; sans; steer clear of; keep|stay|stays|keeps clear of;
        keep|keeps|stay|stays|get|run away from; keep me|us|him|her|them away from; stay out of; get rid of;
        done with; fed up with|of; had it with; bored of|with|by; sick of; sick and tired of; tired of; weary of;
        enough of|with; had enough; NOT want any more; enough already of; allergic to; intolerant to|of; allergy to;
        averse to; opposed to; put off by; turned off by; scared|afraid|terrified of; refuse|refuses|refused to;
        free of|from; devoid of; clear of; less of;
        NOT like|stand|bear|take|enjoy|eat|drink|do|want|tolerate|stomach; no more; no longer; no to; no thanks to;
        never again; never been into|keen; NOT been into; NOT fan|fans of; NOT into; NOT keen on;
        NOT crazy|mad|wild about; NOT big on; NOT mood for; NOT in mood for; in no mood for; no fan of;
        stop|quit showing|giving|recommending|suggesting|offering; im over;
        bad|terrible experience|experiences with; zero; opposite of; far from a|an; outside of|the;
        seen|had|watched|heard|drunk|eaten|read|played enough; drop the; NOT care|cares for; NOT care less about|for;
        could care less about|for; NOT bother with|showing|suggesting|recommending|including;
        nothing but trouble|problems|issues|disappointment with; hardly|barely|scarcely any; rarely; seldom;
        no time|patience|interest for|in; NOT interested in""",
    Cue.EXCEPT: """
        except; except for; excepting; excluding; exclude|excludes;
        anything|anywhere|anyone|everything|everywhere|everyone|everybody|anybody|all but; any|every * but;
        anything|everything|anywhere|all except|bar; other|others|else than; other * than; rather than; instead of;
        in place of; in lieu of; apart from; aside from; besides; with the exception of; minus; as opposed to;
        barring; save for; avoid|skip|exclude both""",
    Cue.NON: "non; un",
    Cue.BARRED: """
        NOT allowed|permitted|accepted|welcome|wanted|available|included|present|possible; prohibited; forbidden;
        banned; NOT for me|us|him|her; NOT my|our|his|her thing|style|taste|cup; off the table; out of the question;
        is|are no go; is|are a no; NOT an option; is|are out; NOT what i|we; the last thing; NOT acceptable;
        NOT good enough;
        excluded; excepted; aside""",
    Cue.RELEASE: """
        NOT need|have|has to; NOT need|require; need|needs not; NOT necessarily; neednt; NOT mind|minds;
        NOT care|cares|fussed|fussy|picky|bothered|worried|particular|insist|insisting|object|objecting;
        no need for|to|of; NOT dislike|hate|detest|despise|avoid|exclude|oppose|opposed; NOT averse|allergic to;
        nothing against; nothing wrong with;
        no objection|objections|problem|problems|issue|issues|quarrel with|to|against; no harm in;
        NOT that i|we|he|she|they|my|im|its|it; no matter if|whether|that; regardless of;
        NOT have|having anything|something against; NOT necessary|needed|required|important|essential to|that|for|if""",
    Cue.WAIVE: """
        NOT needed|necessary|required|important|essential|mandatory|must|priority|problem|issue|dealbreaker|concern;
        NOT requirement|matter|matters|bother|bothers|crucial|vital|critical|compulsory|relevant|fussed;
        NOT deal breaker; NOT big deal; no problem|issue|bother|dealbreaker; is|are optional; or not; no object;
        NOT make a difference""",
    Cue.KEEP: """
        NOT only|merely|solely|simply|just; NOT exclusively; no matter; no idea; no doubt; no kidding; no joke;
        no wonder; no rush; no hurry; no worries; no prob; no preference|preferences; no clue; no thanks;
        no thank you; no offence|offense; no way; no question; no lie; no particular|specific; no such; no wait;
        why not; NOT sure|certain|know|decide|bad|remember; NOT half bad; NOT wait; never mind; NOT go wrong;
        NOT get|have|had enough of; NOT get enough; never|NOT tire of; NOT resist|beat;
        nothing beats|beat|like|but|except|else; nothing other|else than; nothing else but; nothing better than;
        nothing better; none but; none other than; no other than;
        no one|thing|brand|make|maker|colour|color|film|movie|place|kind|type|other but; no other * but|than;
        no * other than; no * * other than; no * except; nobody|noone but|except|else; no one but|except|else|does;
        NOT do|live|be|go|survive|manage without; NOT say|saying no to; NOT say no; NOT miss|forget;
        NOT leave|miss|skip out; NOT help; NOT seen|tried|watched|visited|tasted|played|read|owned|heard|drunk;
        never seen|tried|had|watched|visited|tasted|played|read|owned|used|bought|drunk|heard|stayed;
        never been to|in; NOT had; wouldnt mind|object; if not; not yet; not to mention; not least; not to say;
        nothing in particular; nothing special|specific|fancy; NOT wrong; unless; nope; nah; nay; NOT enough;
        NOT the best|most|end|only; cant recommend; not without; NOT without; nothing short of;
        no better""",
}

TRANSPARENT: Final = frozenset(
    """a an the such really actually particularly exactly especially very that so too strictly absolutely terribly even
    all much quite totally entirely completely overly huge big great massive truly necessarily even of any""".split()
)

PLAIN_AFTER_NO: Final = frozenset(
    """a an i im id ive we give show its that thats this it sorry actually please thanks thank you the something make
    let lets rather wait just maybe how what""".split()
)
INTERJECTIONS: Final = frozenset({"no", "nope", "nah", "nay"})

#: After 'and', or after a comma, something new is asked for.
AND_FRESH: Final = frozenset(
    """a an something someone somewhere give show want wants with make id i we im ill more has have is are it its under
    over below above at in on preferably ideally maybe perhaps definitely must should needs need needing also
    looking prefer preferring love like please thanks just only but so that rather find can could would ok yes
    then how what which anything my our he she they theres there""".split()
)
OR_FRESH: Final = frozenset(
    """something someone somewhere give show want make id i we im maybe perhaps preferably ideally at not rather just
    so whatever it""".split()
)
#: Once something was refused, these ask anew even without a comma.
RESTARTS: Final = frozenset(
    """please pls thanks something somewhere someone just only maybe perhaps instead preferably ideally give show find
    recommend suggest yes so then because since looking""".split()
)
#: 'Leave X out', 'rule X out'.
PUTTING_OUT: Final = frozenset("leave leaving rule cut keep".split())
#: After a comma these only go into what is refused: 'big chains, especially Marriott'.
SINGLING_OUT: Final = frozenset("especially particularly including notably mainly mostly".split())
#: A list that ends in one of these has a verb of its own: 'Windows or Linux is fine'.
ENDING_LISTS: Final = frozenset("is are would will works work sounds sound preferred".split())
NEEDED: Final = frozenset("needed required necessary necessarily".split())
FINE: Final = frozenset("fine ok okay acceptable alright".split())
#: Subjects that name nothing: 'it does not matter'.
EMPTY: Final = frozenset("it its that this i im we they you is just really is are to be".split())
BACK_STOPS: Final = frozenset(
    "but where that which who if with because so when while though although want need".split()
)
#: Before a space and 'free' these are meant to be absent; a hyphen tells of any other word.
FREE_AFTER: Final = frozenset(
    """smoke smoking pet gluten sugar dairy lactose alcohol nut child kid fragrance caffeine fat meat cruelty oak
    animal latex lead scent sulphite sulfite stress hassle bpa""".split()
)
BOUND_WORDS: Final = frozenset(
    """than over above under below before after least most more less beyond exceed exceeds exceeding past until since
    upto beneath""".split()
)
MILD: Final = frozenset("ideally preferably prefer rather maybe perhaps possibly preferred hopefully".split())
TRAILING_MILD: Final = frozenset({("if", "possible"), ("where", "possible"), ("if", "at"), ("would", "rather")})
PREFERRING: Final = frozenset("prefer preferred prefers preferring rather take choose favour favor".split())
#: 'Close to', 'next to' and the like are no comparison.
ASIDE: Final = frozenset(
    "close next near similar up due according going access not want like easy down prior compared related".split()
)
#: Misspellings of the cues themselves.
CUE_TYPOS: Final = MappingProxyType(
    {
        "anyhting": "anything", "anythign": "anything", "anythin": "anything", "nothign": "nothing",
        "nothin": "nothing", "nohting": "nothing", "wihtout": "without", "witout": "without", "withou": "without",
        "whitout": "without", "exept": "except", "excpet": "except", "execpt": "except", "exluding": "excluding",
        "dosent": "doesnt", "doesent": "doesnt", "dosnt": "doesnt", "avoide": "avoid", "insted": "instead",
        "nto": "not", "nither": "neither", "niether": "neither", "dnt": "dont", "everthing": "everything",
        "evrything": "everything",
    }
)  # fmt: skip


def _table() -> dict[str, tuple[tuple[tuple[frozenset[str], ...], Cue], ...]]:
    """First word -> (the sets of words that follow, what the phrase does)."""
    table: dict[str, list[tuple[tuple[frozenset[str], ...], Cue]]] = defaultdict(list)
    for kind, phrases in _PHRASES.items():
        for phrase in phrases.split(";"):
            first, *rest = (frozenset(said.split("|")) for said in phrase.split())
            for word in first:
                table[word].append((tuple(rest), kind))
    return {word: tuple(found) for word, found in table.items()}


PHRASES: Final = MappingProxyType(_table())
