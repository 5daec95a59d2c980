"""The English that claims nothing of an item by itself: what connects, points and counts. Data only.

Every other word of a sentence has to be traced; so nothing stands here that praises, promises or describes.
"""

from types import MappingProxyType
from typing import Final

from shoptalk.retrieval.schema import Meaning
from shoptalk.retrieval.stopwords import STOP_WORDS

#: Words for the thing itself, in the trades that are met most.
TRADE: Final = frozenset(
    """film films movie movies picture book books title titles hotel hotels restaurant restaurants place places
    wine wines bottle bottles product products item items model models song songs album albums game games
    show shows series car cars house houses recipe recipes dish dishes course courses job jobs flat flats
    plant plants beer beers device devices""".split()
)
#: Words for things of many trades: said of a pick only where the person, the shop or the record says them.
KINDS_OF_THINGS: Final = frozenset(
    """laptop laptops notebook notebooks phone phones smartphone smartphones tablet tablets camera cameras headphone
    headphones earbud earbuds speaker speakers tv tvs television televisions monitor monitors keyboard keyboards printer
    printers watch watches shoe shoes boot boots trainers dress dresses jacket jackets bag bags sofa sofas chair chairs
    table tables lamp lamps bed beds apartment apartments house houses villa villas hostel room rooms perfume
    perfumes coffee
    coffees tea teas whisky whiskies cheese cheeses knife knives bike bikes toy toys guitar guitars podcast podcasts
    concert concerts event events tour tours trip trips flight flights museum museums cafe cafes bar bars novel novels
    comic comics track tracks machine machines computer computers tool tools device cream creams""".split()
)
#: How we speak of the picks and of choosing.
_CHOOSING: Final = frozenset(
    """pick picks option options choice choices suggestion suggestions recommendation recommendations recommend
    recommended recommending suggest suggested suggesting result results match matches matched matching fit
    fits fitting fitted suit suits suited suitable meet meets meeting satisfy satisfies tick ticks box boxes
    list listed lists answer answers candidate candidates alternative alternatives contender pair pairs trio
    selection case line lines request requests requested wish wishes criteria criterion requirement
    requirements preference preferences limit limits bound bounds mind search searched searching taste tastes
    mood moods need needs want wants look looks looking go goes going start starts starting begin begins
    consider considering try check see sees find finds found show shown showing enjoy hope hopes help helps
    glad let know tell say says said ask asks asked call called named name names choose choosing decide
    prefer prefers preferred rather instead ideally closer closest close near nearest strong solid good nice
    reasonable safe obvious natural straightforward simple clear description described describe describes
    meaning sense words word terms point points thing things detail details fact facts record records note
    notes noted information evidence reason reasons""".split()
)
_JOINING: Final = frozenset(
    """above across after again against ago ahead along alongside already although always among amongst another anyway
    around aside away back because before behind below beneath beside besides between beyond both bring brings came come
    comes coming compare compared comparing comparison consequently considered despite different differ differs
    difference
    down due during each either enough equal equally especially even every everything exactly exact except few
    finally first former four further furthermore gives give given giving got half hence here hereby however including
    inside into just keep keeps keeping kept kind kinds last latter lastly least leave leaves left less like
    likewise little make
    makes making many meanwhile moreover much namely neither never next nevertheless none nonetheless nothing now often
    once one ones onto opposite order otherwise outside overall own part particular particularly past per perhaps
    plus pretty put puts quite really regarding related remain remains rest right same second several share shared
    shares sharing side similar similarly simply since six slightly somewhat sort sorts stand stands still straight such
    taken takes take taking than therefore third three throughout thus together total toward towards turn turns
    twice two under unlike until upon use used uses using version versus via vs way ways well whereas whether which
    whichever whose within without yes yet five seven eight nine ten zero dozen hundred thousand only most far bit
    cannot nor exceed exceeds exceeding
    more others whole entire roughly approximately about nearly almost barely over up at least maximum minimum
    respectively anything something """.split()
)
#: Verbs and nouns that say in which respect a fact is told. A fact has to follow, and is held against the record.
_TELLING: Final = frozenset(
    """run runs running ran last lasts lasting clock clocks clocked cost costs costing priced price prices
    pricing sell sells sold selling charge charges made make maker makers manufactured produced producer
    release released releases date dates dated dating year years directed director directors directs star
    stars starring starred stars feature features featuring featured cast actor actors actress actresses lead
    leads leading written wrote writer writers author authors rated rate rates rating ratings score scores
    scored scoring earn earns earned hold holds holding held carry carries carrying offer offers offering
    include includes included including provide provides providing come comes has have having with tagged tag
    tags labelled labeled label labels described classed classified categorised categorized category
    categories genre genres style styles type types kind brand brands language languages spoken country
    countries located location situated based set sits sitting lies lying found spent spends taste tastes
    tasting serve serves serving drink drinking eat eating cook cooking speak speaks narrow narrowed chosen
    pay paying wear wearing weigh weighs weighing weight measure measures measuring size sized long length
    lengths wide tall deep big old minute minutes min mins hour hours hr hrs h m dollar dollars euro euros
    pound pounds usd eur gbp cent cents percent decade decades century average number numbers amount amounts
    value values figure figures unit units story stories plot tells telling told follow follows following
    about centre centres center centers around involve involves involving mention mentions mentioned concern
    concerns text keyword keywords theme themes themed topic topics subject subjects element elements play
    plays playing played appear appears appearing add adds adding count counts counting counted combine
    combines combining mix mixes mixing blend blends blending belong belongs belonging fall falls falling
    stay stays staying range ranges ranging reach reaches reaching share shares lasting hails originates
    duration runtime time times tag vote votes opening opened filmed shot screen drops filed certified heard
    production meant intended aimed idea ideas stayed works work stood picked become becomes visit visits
    watch watches connects connect carries lists""".split()
) - {"screen", "drops", "featured", "sold", ""}  # fmt: skip
_SMALL_TALK: Final = frozenset(
    "money matter matters thanks please sorry okay ok sure hello hi hey welcome cheers im ill ive id id were".split()
)
#: Verbs of plots: whom and what they are about has to be traced.
_HAPPENING: Final = frozenset(
    verb + ending
    for verbs, endings in (
        (
            "visit return learn discover hunt chase wake want start follow join long struggle",
            ("", "s", "ed", "ing"),
        ),
        (
            "become becomes became meet meets met flee flees fled catch catches caught try tries tried hide hides hid",
            ("",),
        ),
        ("watch watches watched grow grows grew find finds found teach teaches taught", ("",)),
        ("arrive escape save rescue", ("", "s", "d")),
    )
    for verb in verbs.split()
    for ending in endings
)
GLUE: Final = STOP_WORDS | TRADE | _HAPPENING | _CHOOSING | _JOINING | _TELLING | _SMALL_TALK | frozenset(
    """isnt arent wasnt werent doesnt dont didnt hasnt havent hadnt wont wouldnt cant couldnt shouldnt youre youve youd
    youll thats theres heres its theyre theyve whats lets amp s t ve re ll d au la a an of by in on for to from
    as""".split()
)  # fmt: skip
#: Words of `GLUE` that a label or a value makes into a claim where they stand alone for it.
NEGATORS: Final = frozenset(
    """not no without never neither nor none nothing isnt arent wasnt werent doesnt dont didnt hasnt havent hadnt cannot
    cant wont lacks lack lacking lacked excludes excluding exclude avoids avoiding avoid skips""".split()
)
NEGATING_VERBS: Final = frozenset(
    "lacks lack lacking lacked excludes excluding exclude avoids avoiding avoid skips missing".split()
)
#: Words of `GLUE` that claim something unless what stands beside them shows otherwise: praise is glue before 'match',
#: 'long' behind a number, 'first' before no noun.
PRAISE: Final = frozenset("good nice strong solid great safe natural obvious reasonable right".split())
PRAISED: Final = frozenset(
    """match matches fit fits choice choices pick picks option options candidate candidates suggestion start
    starting place alternative
    alternatives answer""".split()
)
#: Verbs that tell a number, and are nouns or values where none stands by: 'runs 96 minutes', 'for running'.
RUNNING: Final = frozenset({"run", "running"})
#: Phrases that claim nothing, of words that would.
IDIOMS: Final = tuple(
    tuple(phrase.split())
    for phrase in (
        "on board",
        "on top",
        "sound right",
        "sounds right",
        "sound good",
        "battery life",
        "in common",
        "director chair",
        "in the vein",
    )
)
#: What an item's own text is no ground for; a facet is, and what evidence says.
RESERVED: Final = frozenset(
    """available availability unavailable discount discounted sale offer bargain coupon voucher award awarded
    prize oscar winner winning won bestseller bestselling refund guarantee guaranteed warranty recalled
    discontinued""".split()
)
#: Words for what a flag's label says: 'pets allowed' is 'welcomes pets'.
SAID_FOR: Final = MappingProxyType({"allowed": ("welcome", "accept", "permit")})
MEASURES: Final = frozenset("long old wide tall deep big high heavy".split())
PLACES: Final = frozenset({"first", "second", "third", "fourth", "last", "next"})
#: Trades and what their things are called.
TRADES: Final = tuple(
    frozenset(names.split())
    for names in (
        "film films movie movies picture show shows series", "book books novel novels",
        "hotel hotels house houses place places",
        "restaurant restaurants place places", "wine wines bottle bottles", "song songs album albums track tracks",
        "game games", "car cars", "recipe recipes dish dishes", "course courses", "job jobs", "flat flats",
        "plant plants", "beer beers",
    )
)  # fmt: skip
ANY_TRADE: Final = frozenset(
    "product products item items model models title titles device devices place places picture".split()
)
#: Roles of people: what a sentence says -> beginnings of the labels that it speaks of.
ROLES: Final = MappingProxyType(
    dict.fromkeys(("directed", "director", "directors", "directs"), ("direct",))
    | dict.fromkeys(
        ("starring", "stars", "starred", "star", "actor", "actors", "actress", "cast", "lead"),
        ("cast", "star", "actor", "actress", "lead"),
    )
    | dict.fromkeys(("written", "writer", "writers", "wrote", "author", "authors"), ("writ", "author", "screenplay"))
    | dict.fromkeys(("producer", "produced"), ("produc", "made", "maker", "brand", "winery"))
    | dict.fromkeys(("made in", "produced in", "production from"), ("countr", "origin"))
)  # fmt: skip
#: Words that tell which number is spoken of.
CUES: Final = MappingProxyType(
    {
        Meaning.RATING: frozenset("rated rate rates rating score scores scored scoring star stars".split()),
        Meaning.POPULARITY: frozenset(
            """ratings reviews votes voters users people viewers guests reviewers customers raters readers
            listeners drinkers
            travellers travelers buyers owners players""".split()
        ),
        Meaning.PRICE: frozenset("price prices priced cost costs costing charges sells budget expensive".split()),
        Meaning.DURATION: frozenset("runs running runtime lasts lasting length long duration clocks minutes "
            "hours".split()),
        Meaning.YEAR: frozenset("released year made dates dated dating vintage release".split()),
        Meaning.WEIGHT: frozenset("weighs weighing weight".split()),
        Meaning.SIZE: frozenset("size sized measures measuring".split()),
    }
)  # fmt: skip
#: How a quality that has degrees is called where it is compared: word -> (meaning, True if less of it is meant).
QUALITIES: Final = MappingProxyType(
    {
        "expensive": (Meaning.PRICE, False), "costly": (Meaning.PRICE, False), "pricey": (Meaning.PRICE, False),
        "affordable": (Meaning.PRICE, True), "economical": (Meaning.PRICE, True), "budget": (Meaning.PRICE, True),
        "recent": (Meaning.YEAR, False), "modern": (Meaning.YEAR, False), "popular": (Meaning.POPULARITY, False),
        "reviewed": (Meaning.POPULARITY, False), "compact": (Meaning.SIZE, True), "portable": (Meaning.WEIGHT, True),
        "lightweight": (Meaning.WEIGHT, True), "long": (Meaning.DURATION, False), "old": (Meaning.YEAR, True),
        "new": (Meaning.YEAR, False), "cheap": (Meaning.PRICE, True), "short": (Meaning.DURATION, True),
        "heavy": (Meaning.WEIGHT, False), "light": (Meaning.WEIGHT, True), "big": (Meaning.SIZE, False),
        "large": (Meaning.SIZE, False), "small": (Meaning.SIZE, True),
    }
)  # fmt: skip
