"""The English that every catalog shares: cues, vague words, synonyms. Data only; `understanding` says what they do.

Catalog values are never listed here as such: a synonym works only where the catalog has the value on its right.
"""

from types import MappingProxyType
from typing import Final

from shoptalk.retrieval.schema import Meaning

#: Words that carry no wish of their own; they are left out of the free text that is searched.
FILLER: Final = frozenset(
    """a about actually after again all also always am an and any anyone anything are as at be because been before being
    best both but buy by can cant choice choose could couldnt did do does doesnt doing dont down each else else's even
    ever every few film films find first for from get getting gimme give go going gonna good got great had has have
    having he hello help her here hers hey hi him his hmm how i id if ill im in into is isnt it item items its ive
    just kind kinda last least let lets like list little look looking lot lots made make many maybe me might mind more
    most movie movies much must my need needs never new next nice no nor not now of off ok okay on one ones only or
    other our ours out over perhaps picks please pls pretty prefer preferably product products rather really recommend
    recommendation recommendations recommended right same see seen set she should show shows so some somebody someone
    something sort still such suggest suggestion suggestions sure tell than thank thanks that thats the their them then
    there these they thing things think this those time to tonight today too try two under until up us use very wanna
    want wanted wants was watch watched watching way we well went were weve what whats when where which while who why
    will wish with within without wont would wouldnt yeah year years yes you youd your yours yet ideally bit quite
    similar vibe vibes style mood feel between three four five six around roughly approximately above below than
    minutes minute mins min hours hour hrs hr dollars dollar bucks euros euro pounds quid usd eur gbp max maximum
    minimum decade decades century instead though although however later earlier onwards onward since cost costs costing
    priced price option options available any other another anyway starring featuring directed set story stories
    kinds types type called named title titled weekend evening night stuff except excluding apart hate love loved
    liked enjoy enjoyed enjoying dislike disliked favourite favorite avoid long short cheap near close nearby kid lot girlfriend boyfriend wife
    husband friend friends loves likes enjoys tired sick looking anybody nobody everyone else last night last looks sounds seems
    feeling feels tonight recommend already directed actor actress director suitable appropriate somewhere rated rating place places anyplace
    anywhere thank kindly surprise either sell take needed highly possible possibly fine instead please again goes""".split()
)

#: Vague words that people also say without meaning them; no facet for them is nothing to speak of.
IDLE: Final = frozenset(
    {
        "best",
        "big",
        "light",
        "new",
        "old",
        "long",
        "short",
        "quick",
        "better",
        "later",
        "earlier",
        "large",
        "small",
        "classic",
    }
)

#: 'not too long', 'nothing very dark': the negation is of the degree, and reaches no further than that word.
DEGREES: Final = frozenset({"too", "very", "overly", "super", "terribly", "particularly", "especially", "extremely"})
#: Words that end a negation's scope.
CONTRAST: Final = frozenset("but rather although though instead however".split())
#: Words after which a value is a wish, not a must.
SOFTENERS: Final = frozenset(
    "ideally preferably maybe perhaps possibly prefer bit little slightly somewhat kinda".split()
)

#: How a person stands to an item, by the words before its name (longest first when matched).
STANCE_BEFORE: Final = MappingProxyType(
    {
        "has seen": (
            "already seen", "ive seen", "i have seen", "have seen", "weve seen", "seen", "saw", "ive watched", "watched",
            "already watched", "already know", "already read", "ive read", "already played", "havent i seen", "rewatched",
            "ive had", "ive already had", "already had", "weve played", "ive played", "weve had", "weve already had", "ive tried", "ive already tried", "already tried",
            "weve tried", "have tried", "already drank", "already ate", "already visited", "ive been to", "already been to",
        ),
        "owns": ("i own", "i already own", "already own", "already got", "i have already got", "ive already got", "i have", "we have", "we own", "we already own", "i already have", "we already have", "i bought", "ive got"),
        "dislikes": (
            "hate", "hated", "i dont like", "dont like", "didnt like", "did not like", "do not like", "dislike", "disliked",
            "not a fan of", "not into", "couldnt stand", "cant stand", "bored by", "didnt enjoy", "did not enjoy",
            "not like", "nothing like", "no more like", "unlike", "i didnt love", "wasnt into", "never liked",
        ),
        "likes": (
            "i love", "i loved", "loves", "likes", "enjoys", "adores", "loved", "love", "i like", "i liked", "liked", "i really like", "i really liked",
            "i really loved", "i enjoyed", "enjoyed", "enjoy", "favourite is", "favorite is", "favourite film is",
            "favorite movie is", "favourites are", "favorites are", "big fan of", "a fan of", "fan of", "adore", "adored",
            "we loved", "we liked", "she loved", "he loved", "they loved", "we love", "kids loved", "kids love", "i also liked",
            "i also loved", "also liked", "also loved", "into", "im into", "obsessed with",
        ),
        "wants similar": (
            "like", "similar to", "along the lines of", "in the vein of", "in the style of", "in the spirit of",
            "reminds me of", "remind me of", "reminiscent of", "as good as", "same as", "a mix of", "mix of", "cross between",
            "more like", "something like", "anything like", "just like", "kind of like", "comparable to", "closer to",
            "based on my love of", "such as", "related to", "goes with", "alternative to", "alternatives to", "much like",
        ),
        "asks about": (
            "compare", "difference between", "differences between", "choose between", "tell me about", "tell me more about", "more about", "what about", "how about", "who directed", "who made",
            "who is in", "whos in", "who stars in", "how long is", "how much is", "how much does", "what is", "whats", "details of",
            "details on", "details about", "info on", "information about", "describe", "when was", "how old is", "where is",
            "what year is", "what is the price of", "is there parking at", "do you have", "have you got", "do you know", "got", "does",
        ),
    }
)  # fmt: skip
#: The same, by the words after its name.
STANCE_AFTER: Final = MappingProxyType(
    {
        "likes": ("was great", "is great", "was good", "was amazing", "is amazing", "was fantastic", "is my favourite",
                  "is my favorite", "was brilliant", "looks good", "is perfect", "sounds good", "looks great", "sounds great"),
        "dislikes": ("was bad", "was awful", "was terrible", "was boring", "bored me", "is boring", "is not for me",
                     "isnt for me", "not for me", "sounds boring", "is terrible", "is awful", "was too"),
        "has seen": ("already", "i have seen", "ive seen", "i saw", "seen it", "weve seen"),
    }
)  # fmt: skip

#: Words for a place among the picks on the table.
ORDINALS: Final = MappingProxyType(
    {
        "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5,
        "sixth": 6, "6th": 6, "seventh": 7, "7th": 7, "eighth": 8, "8th": 8, "last": -1, "top": 1,
    }
)  # fmt: skip
NUMBER_WORDS: Final = MappingProxyType(
    {
        "zero": 0,
        "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
        "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
        "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
        "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "couple": 2, "dozen": 12,
    }
)  # fmt: skip
DECADES: Final = MappingProxyType(
    {
        "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960, "seventies": 1970,
        "eighties": 1980, "nineties": 1990, "noughties": 2000,
    }
)  # fmt: skip

#: Units: how people write them -> the one that a number is read in. Money is told apart by `CURRENCIES`.
UNITS: Final = MappingProxyType(
    {
        "min": "min", "mins": "min", "minute": "min", "minutes": "min",
        "h": "min", "hr": "min", "hrs": "min", "hour": "min", "hours": "min",
        "inch": "inch", "inches": "inch", "in": "inch", '"': "inch", "cm": "inch",
        "gb": "GB", "gigabyte": "GB", "gigabytes": "GB", "gigs": "GB", "gig": "GB", "tb": "GB", "terabyte": "GB", "mb": "GB",
        "kg": "kg", "kilo": "kg", "kilos": "kg", "g": "kg", "gram": "kg", "grams": "kg", "lb": "kg", "lbs": "kg", "pounds": "kg",
        "oz": "kg", "ounce": "kg", "ounces": "kg", "ft": "m", "foot": "m", "feet": "m",
        "hp": "hp", "bhp": "hp", "horsepower": "hp", "w": "W", "watt": "W", "watts": "W", "kw": "W", "ghz": "GHz", "mhz": "GHz", "hz": "Hz",
        "l": "l", "litre": "l", "litres": "l", "liter": "l", "liters": "l", "ml": "l",
        "mm": "mm", "m": "m", "meter": "m", "meters": "m", "metre": "m", "metres": "m", "km": "km", "mile": "km", "miles": "km", "mp": "MP", "megapixel": "MP", "megapixels": "MP",
        "mah": "mAh", "%": "%", "percent": "%", "star": "star", "stars": "star", "page": "page", "pages": "page",
    }
)  # fmt: skip
CURRENCIES: Final = frozenset(
    "$ € £ ¥ usd eur gbp dollar dollars buck bucks euro euros pound pounds quid cents cent".split()
)

#: What a bound sounds like, before a number.
AT_MOST: Final = (
    "no more than", "not more than", "less than", "fewer than", "cheaper than", "shorter than", "older than", "lighter than",
    "smaller than", "not over", "not above", "up to", "at most", "under", "below", "beneath", "max", "maximum", "maximum of",
    "within", "before", "until", "earlier than", "prior to", "not exceeding", "budget of", "budget is", "budget", "spend",
    "not longer than", "no longer than", "pre", "less", "cap of", "no later than", "lower than", "narrower than", "thinner than",
    "slimmer than", "less expensive than", "weaker than", "till", "til", "through", "thru", "up until",
)  # fmt: skip
AT_LEAST: Final = (
    "no less than", "not less than", "more than", "greater than", "longer than", "newer than", "bigger than", "larger than",
    "later than", "higher than", "at least", "over", "above", "min", "minimum", "minimum of", "after", "since", "from at least",
    "starting at", "upwards of", "not under", "not below", "beyond", "exceeding", "rated above", "better than", "post", "heavier than", "stronger than", "younger than", "exceed", "exceeds", "further than", "farther than",
    "wider than", "taller than", "deeper than", "thicker than", "pricier than", "dearer than", "more expensive than",
)  # fmt: skip
#: These exclude the number itself.
STRICT: Final = frozenset(
    "less than;fewer than;cheaper than;shorter than;older than;lighter than;smaller than;before;earlier than;prior to;under;below;"
    "more than;greater than;longer than;newer than;bigger than;larger than;later than;higher than;over;above;after;less;beneath;"
    "exceed;exceeds;further than;farther than;stronger than;weaker than;younger than;pre;post;beyond;exceeding;better than;lower than;narrower than;thinner than;slimmer than;less expensive than;heavier than;"
    "wider than;taller than;deeper than;thicker than;pricier than;dearer than;more expensive than".split(";")
)
ABOUT: Final = ("around", "about", "roughly", "approximately", "circa", "approx", "near", "close to", "or so")

#: Comparatives: word -> (meanings in order of preference, True if less is wanted).
COMPARATIVES: Final = MappingProxyType(
    {
        "cheaper": ((Meaning.PRICE,), True), "pricier": ((Meaning.PRICE,), False),
        "dearer": ((Meaning.PRICE,), False), "newer": ((Meaning.YEAR,), False),
        "older": ((Meaning.YEAR,), True), "earlier": ((Meaning.YEAR,), True),
        "later": ((Meaning.YEAR,), False), "shorter": ((Meaning.DURATION, Meaning.SIZE), True),
        "longer": ((Meaning.DURATION, Meaning.SIZE), False), "bigger": ((Meaning.SIZE,), False),
        "larger": ((Meaning.SIZE,), False), "smaller": ((Meaning.SIZE,), True),
        "lighter": ((Meaning.WEIGHT,), True), "heavier": ((Meaning.WEIGHT,), False),
        "better": ((Meaning.RATING,), False), "worse": ((Meaning.RATING,), True),
        "fresher": ((Meaning.YEAR,), False),
    }
)  # fmt: skip
#: Vague words: word -> (meanings, True if low is meant, share of the catalog that counts).
VAGUE: Final = MappingProxyType(
    {
        "cheap": ((Meaning.PRICE,), True, 0.3), "affordable": ((Meaning.PRICE,), True, 0.4),
        "inexpensive": ((Meaning.PRICE,), True, 0.35), "budget": ((Meaning.PRICE,), True, 0.3),
        "expensive": ((Meaning.PRICE,), False, 0.3), "premium": ((Meaning.PRICE,), False, 0.2),
        "luxury": ((Meaning.PRICE,), False, 0.2), "pricey": ((Meaning.PRICE,), False, 0.3),
        "short": ((Meaning.DURATION,), True, 0.25), "quick": ((Meaning.DURATION,), True, 0.25),
        "long": ((Meaning.DURATION,), False, 0.25), "recent": ((Meaning.YEAR,), False, 0.25),
        "new": ((Meaning.YEAR,), False, 0.25), "modern": ((Meaning.YEAR,), False, 0.35),
        "old": ((Meaning.YEAR,), True, 0.35), "classic": ((Meaning.YEAR,), True, 0.4),
        "vintage": ((Meaning.YEAR,), True, 0.3), "oldie": ((Meaning.YEAR,), True, 0.35),
        "best": ((Meaning.RATING,), False, 0.25), "popular": ((Meaning.POPULARITY, Meaning.RATING), False, 0.25), "acclaimed": ((Meaning.RATING,), False, 0.25),
        "big": ((Meaning.SIZE,), False, 0.3), "large": ((Meaning.SIZE,), False, 0.3),
        "small": ((Meaning.SIZE,), True, 0.3), "compact": ((Meaning.SIZE,), True, 0.3),
        "light": ((Meaning.WEIGHT,), True, 0.3), "lightweight": ((Meaning.WEIGHT,), True, 0.3),
        "portable": ((Meaning.WEIGHT,), True, 0.3), "heavy": ((Meaning.WEIGHT,), False, 0.3),
    }
)  # fmt: skip
#: Vague turns of two words.
VAGUE_PAIRS: Final = MappingProxyType(
    {
        ("well", "rated"): ((Meaning.RATING,), False, 0.3), ("highly", "rated"): ((Meaning.RATING,), False, 0.25),
        ("top", "rated"): ((Meaning.RATING,), False, 0.15), ("best", "rated"): ((Meaning.RATING,), False, 0.15),
        ("good", "reviews"): ((Meaning.RATING,), False, 0.3), ("low", "price"): ((Meaning.PRICE,), True, 0.3),
        ("high", "end"): ((Meaning.PRICE,), False, 0.2), ("entry", "level"): ((Meaning.PRICE,), True, 0.3),
    }
)  # fmt: skip
#: Superlatives: word -> (meanings, True if low is meant).
SUPERLATIVES: Final = MappingProxyType(
    {
        "cheapest": ((Meaning.PRICE,), True), "newest": ((Meaning.YEAR,), False), "latest": ((Meaning.YEAR,), False),
        "oldest": ((Meaning.YEAR,), True), "shortest": ((Meaning.DURATION,), True),
        "longest": ((Meaning.DURATION,), False), "biggest": ((Meaning.SIZE,), False), "largest": ((Meaning.SIZE,), False),
        "smallest": ((Meaning.SIZE,), True), "lightest": ((Meaning.WEIGHT,), True),
    }
)  # fmt: skip

#: How people call a facet by its meaning ('forget the price', 'any genre').
MEANING_WORDS: Final = MappingProxyType(
    {
        "price": Meaning.PRICE, "cost": Meaning.PRICE, "budget": Meaning.PRICE, "year": Meaning.YEAR, "age": Meaning.YEAR,
        "decade": Meaning.YEAR, "era": Meaning.YEAR, "length": Meaning.DURATION, "runtime": Meaning.DURATION,
        "duration": Meaning.DURATION, "rating": Meaning.RATING, "genre": Meaning.GENRE, "brand": Meaning.BRAND,
        "make": Meaning.BRAND, "language": Meaning.LANGUAGE, "country": Meaning.PLACE, "city": Meaning.PLACE,
        "location": Meaning.PLACE, "size": Meaning.SIZE, "weight": Meaning.WEIGHT, "actor": Meaning.PERSON,
        "director": Meaning.PERSON, "stock": Meaning.STOCK,
    }
)  # fmt: skip

#: Other words for a value, said as plainly as the value itself. Each right side counts if the catalog has it.
SYNONYMS: Final = MappingProxyType(
    {
        "sci fi": ("science fiction", "sci-fi"), "scifi": ("science fiction", "sci-fi"), "sf": ("science fiction",),
        "science fiction": ("sci-fi",), "cartoon": ("animation", "animated"), "animated": ("animation",), "anime": ("animation",),
        "animation": ("animated",),
        "documentaries": ("documentary",), "docu": ("documentary",), "biopic": ("biography", "biographical"),
        "historical": ("history",), "period piece": ("history", "historical"), "crime": ("gangster",), "mobster": ("gangster",),
        "ww2": ("world war ii",), "wwii": ("world war ii",), "world war two": ("world war ii",), "second world war": ("world war ii",),
        "world war 2": ("world war ii",), "wwi": ("world war i",), "ww1": ("world war i",), "superhero": ("superheroes", "superhero"),
        "zombie": ("zombies",), "vampire": ("vampires",), "robot": ("robots",), "ghost": ("ghosts",), "alien": ("aliens",),
        "outer space": ("space",), "ai": ("artificial intelligence",), "heists": ("heist",), "bank robbery": ("heist",),
        "true story": ("based on a true story",), "real events": ("based on a true story",), "gay": ("lgbtq",), "queer": ("lgbtq",),
        "lesbian": ("lgbtq",), "lgbt": ("lgbtq",), "novel adaptation": ("based on a book",), "noir": ("film noir", "noir"),
        "b and w": ("black and white",), "football": ("sport",), "sports": ("sport",), "teen": ("coming of age",),
        "american": ("united states", "usa"), "british": ("united kingdom", "uk"), "english language": ("english",),
        "usa": ("united states",), "uk": ("united kingdom",), "nyc": ("new york",), "new york city": ("new york",),
        "chinese": ("mandarin", "cantonese", "china"), "indian": ("hindi", "india"), "brazilian": ("brazil",), "mexican": ("mexico",),
        "iranian": ("persian", "iran"), "belgian": ("belgium",), "australian": ("australia",), "canadian": ("canada",),
        "irish": ("ireland",), "argentinian": ("argentina",), "argentine": ("argentina",), "austrian": ("austria",),
        "french": ("france",), "german": ("germany",), "italian": ("italy",), "spanish": ("spain",), "japanese": ("japan",),
        "korean": ("south korea", "korea"), "swedish": ("sweden",), "danish": ("denmark",), "polish": ("poland",),
        "russian": ("russia", "soviet union"), "turkish": ("turkey",), "norwegian": ("norway",), "dutch": ("netherlands",),
        "notebook": ("laptop", "laptops"), "laptop": ("notebook", "notebooks"), "tv": ("television", "televisions", "tvs", "led tv"),
        "telly": ("television",), "cell phone": ("smartphone", "mobile phone"), "phone": ("smartphone", "smartphones"),
        "earbuds": ("headphones", "in-ear"), "pc": ("desktop", "pc"), "grey": ("gray",), "gray": ("grey",),
        "pool": ("swimming pool", "pool"), "gym": ("fitness center", "fitness centre"), "wi fi": ("free wifi", "wifi"),
        "wifi": ("free wifi", "wi-fi"), "breakfast": ("continental breakfast", "free breakfast"), "parking": ("free parking",),
        "dog": ("pets",), "cat": ("pets",), "puppy": ("pets",),
    }
)  # fmt: skip
#: Levels of a price that is told in words, tried in order.
PRICE_LEVELS: Final = MappingProxyType(
    dict.fromkeys(
        ("cheap", "affordable", "budget", "inexpensive", "low priced", "cheaply priced", "economical", "low cost"),
        ("inexpensive", "cheap", "budget", "low"),
    )
    | dict.fromkeys(("pricey", "upscale", "high end", "luxury"), ("expensive", "high"))
    | dict.fromkeys(
        (
            "moderately priced",
            "mid range",
            "average priced",
            "reasonably priced",
            "medium priced",
            "mid priced",
            "moderate priced",
            "fairly priced",
            "not too expensive",
        ),
        ("moderate", "medium", "mid", "average"),
    )
)
#: Two values at once.
DOUBLE_SYNONYMS: Final = MappingProxyType(
    {
        "romcom": ("romance", "comedy"), "rom com": ("romance", "comedy"), "romantic comedy": ("romance", "comedy"),
        "romantic comedies": ("romance", "comedy"), "romcoms": ("romance", "comedy"), "rom coms": ("romance", "comedy"),
        "dramedy": ("drama", "comedy"), "action comedy": ("action", "comedy"), "horror comedy": ("horror", "comedy"),
        "action thriller": ("action", "thriller"), "crime drama": ("crime", "drama"), "sci fi horror": ("science fiction", "horror"),
        "war drama": ("war", "drama"), "crime thriller": ("crime", "thriller"),
    }
)  # fmt: skip
#: Adjectives that lean towards a value without demanding it, tried in order.
LEANINGS: Final = MappingProxyType(
    {
        "funny": ("funny", "comedy"), "hilarious": ("funny", "comedy"), "humorous": ("funny", "comedy"), "laugh": ("funny", "comedy"),
        "scary": ("scary", "horror"), "frightening": ("scary", "horror"), "creepy": ("scary", "horror"), "spooky": ("scary", "horror"),
        "terrifying": ("scary", "horror"), "romantic": ("romantic", "romance"), "sexy": ("steamy", "romance"), "sad": ("sad", "tear-jerker"),
        "depressing": ("sad", "melancholy"), "uplifting": ("uplifting", "feel-good"), "feelgood": ("feel-good",), "cheerful": ("feel-good",),
        "happy": ("feel-good", "uplifting"), "heartwarming": ("heart-warming",), "wholesome": ("heart-warming", "family"),
        "exciting": ("exciting", "fast-paced", "action"), "thrilling": ("suspenseful", "tense", "thriller"), "suspense": ("suspenseful", "thriller"),
        "bloody": ("violent",), "gory": ("violent",), "brutal": ("violent", "gritty"), "weird": ("quirky", "surreal"), "strange": ("surreal", "quirky"),
        "trippy": ("surreal", "mind-bending"), "clever": ("thought-provoking", "witty"), "smart": ("thought-provoking", "witty"),
        "intelligent": ("thought-provoking",), "thoughtful": ("thought-provoking",), "mindbending": ("mind-bending",), "twisty": ("twist ending",),
        "beautiful": ("visually stunning",), "gorgeous": ("visually stunning",), "cozy": ("cosy",), "comforting": ("cosy", "feel-good"),
        "lighthearted": ("light-hearted",), "easygoing": ("light-hearted",), "slow": ("slow-burn",), "fast": ("fast-paced",),
        "kids": ("family", "children"), "kid": ("family", "children"), "children": ("family", "children"), "daughter": ("family", "children"),
        "son": ("family", "children"), "toddler": ("family", "children"), "mysterious": ("mystery",), "magical": ("fantasy",),
        "light": ("light-hearted",), "cheer": ("feel-good", "uplifting", "comedy"), "cheered": ("feel-good",), "quiet": ("slow-burn", "atmospheric"), "moody": ("atmospheric",),
    }
)  # fmt: skip

#: What a question about an item asks for.
QUESTIONS: Final = MappingProxyType(
    {
        "how long": (Meaning.DURATION,), "how much": (Meaning.PRICE,), "how expensive": (Meaning.PRICE,), "price": (Meaning.PRICE,),
        "cost": (Meaning.PRICE,), "what year": (Meaning.YEAR,), "how old": (Meaning.YEAR,), "when": (Meaning.YEAR,),
        "where": (Meaning.PLACE,), "which country": (Meaning.PLACE,), "who made": (Meaning.PERSON, Meaning.BRAND),
        "who is": (Meaning.PERSON,), "whos in": (Meaning.PERSON,), "who stars": (Meaning.PERSON,), "how big": (Meaning.SIZE,),
        "how heavy": (Meaning.WEIGHT,), "how good": (Meaning.RATING,), "rated": (Meaning.RATING,),
    }
)  # fmt: skip

START_OVER: Final = ("start over", "start again", "start afresh", "reset", "forget everything", "forget all that", "new search",
                     "from scratch", "begin again", "scratch that", "clear everything")  # fmt: skip
MORE: Final = ("more please", "show me more", "show more", "more options", "more of these", "more like these", "what else", "anything else",
               "something else", "others", "other options", "other ones", "another one", "different ones", "next", "more ones", "any more",
               "more suggestions", "more recommendations", "more films", "more movies", "more results", "some more", "any others", "no more ideas",
               "give me more", "keep going", "more", "another", "show others")  # fmt: skip
HELP: Final = (
    "help",
    "what can you do",
    "how does this work",
    "how do you work",
    "what can i ask",
    "who are you",
    "what are you",
    "how do i use this",
)
GREETINGS: Final = (
    "hi",
    "hello",
    "hey",
    "good morning",
    "good evening",
    "good afternoon",
    "hi there",
    "hey there",
    "hello there",
    "yo",
)
THANKS: Final = ("thanks", "thank you", "cheers", "great thanks", "perfect thanks", "thx", "ty", "many thanks", "thank you very much",
                 "thanks a lot", "perfect", "great", "awesome", "lovely", "nice", "cool", "ok", "okay", "ok thanks")  # fmt: skip
FAREWELLS: Final = (
    "bye",
    "goodbye",
    "see you",
    "bye bye",
    "thats all",
    "thats it",
    "that is all",
    "good night",
    "see ya",
)
COMPARE: Final = ("compare", "difference between", "differences between", "versus", "vs", "which is better", "which one is better", "which is cheaper",
                  "which one is cheaper", "which is longer", "which is shorter", "which one is shorter", "which is newer")  # fmt: skip
DROP_CUES: Final = ("any", "forget", "forget about", "ignore", "never mind", "nevermind", "drop", "doesnt matter", "does not matter", "no limit on",
                    "dont care about", "whatever", "regardless of", "not important", "remove", "skip")  # fmt: skip
#: Words after which a mood is the person's own and not one they wish for: "I'm feeling sad".
FEELING: Final = frozenset({"feeling", "feel", "im", "am", "were", "bit"})
REFERRING: Final = frozenset({"it", "that", "this", "those", "them", "these"})

#: Words that count the same thing: who says one of them may mean a facet that is called by another.
COUNTED: Final = (
    frozenset(
        """people person guest adult traveler traveller passenger rider seat ticket party group member friend us table
        occupant participant attendee player kid capacity sleep serving folk""".split()
    ),
    frozenset({"night", "day", "stay", "length"}),
    frozenset({"stop", "layover", "transfer", "stopover", "connection", "change"}),
    frozenset({"bed", "br"}),
    frozenset({"bath", "bathroom", "ba"}),
    frozenset({"bag", "luggage", "suitcase", "baggage"}),
    frozenset({"salary", "pay", "paid", "wage", "earn", "earning", "income"}),
    frozenset({"company", "employer"}),
    frozenset({"gearbox", "transmission"}),
    frozenset({"colour", "color"}),
    frozenset({"alcohol", "abv"}),
)  # fmt: skip
#: Turns of speech that are a number of something: what is counted (a word of `COUNTED`) -> how many -> the turns.
COUNTING_TURNS: Final = MappingProxyType(
    {
        ("people", 1): ("just me", "only me", "just myself", "by myself", "on my own", "solo", "travelling alone", "traveling alone"),
        ("people", 2): (
            "my wife and me", "my wife and i", "my husband and me", "my husband and i", "my girlfriend and i", "my boyfriend and i",
            "my partner and i", "my partner and me", "me and my wife", "me and my husband", "me and my partner",
            "me and my girlfriend", "me and my boyfriend", "the two of us", "the both of us", "both of us", "a friend and i", "a friend and me",
        ),
        ("stop", 0): (
            "direct flight", "direct flights", "nonstop", "non stop", "no stops", "no stop", "no layover", "no layovers",
            "without stops", "without a stop", "without layovers", "without any stops", "without any layovers", "direct route",
            "direct bus", "direct train", "direct one", "direct connection", "no transfers", "without transfers", "no changes",
            "zero stops", "no stopovers", "without stopovers", "fly direct", "flying direct", "no connections",
        ),
    }
)  # fmt: skip

#: Words right before a title: what one does with an item, says of it, or calls it.
TITLE_BEFORE: Final = frozenset(
    """seen see saw watch watched watching rewatched rewatch like liked likes love loved loves enjoy enjoyed enjoying
    recommend recommended recommending suggest suggested try tried called named titled entitled hate hated disliked
    dislike adore adored about prefer than out maybe sequel original meant mean remember namely resembles own bought
    played play playing read reading heard hear listened visited visit catch caught finished finish checking
    consider considered reminds unlike includes including describe compare vs versus""".split()
)
#: Words for the thing itself, that may stand between such a word and the title.
TITLE_NOUNS: Final = frozenset(
    """film films movie movies flick show series song songs album track book books novel game games hotel hotels
    restaurant restaurants place bar product model original classic new newer old older first title""".split()
)
#: Words right before that belong to what follows as to a phrase of its own: 'a good night', 'I want it'.
TITLE_NOT_BEFORE: Final = frozenset(
    """good want wants wanted really thats any will similar have this another need needs can me just its very going
    pretty had let lets that great im we it help super i would could never something make makes you actually your cant
    did do does tell whats ill who should such more by same them go hard ive around quite take they has looking all my
    find been be so got big too other much many no some his her their our what every each nice feel feels look looks
    whole check rather only get gets give gives for if when how why""".split()
)
#: Words right after a title.
TITLE_AFTER: Final = frozenset(
    """is was are and or but which with since its series franchise if though thats isnt wasnt were didnt had has would
    will might may could seems seemed came comes looks sounds also because starring directed recently yet last either
    too by from until where""".split()
)
#: Words that point at something and, where nothing else speaks for it, are no title: 'I have seen it'.
TITLE_NOT: Final = frozenset(
    """it that this those them these one ones him her us me you we they he she i other others another something anything
    nothing everything all both any some more much many none each either neither a an the and or not no yes so too then
    now here there what who which how why when where do did does is are was were be been have has had of to in on at
    for with by from as but if than""".split()
)
