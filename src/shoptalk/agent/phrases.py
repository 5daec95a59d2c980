"""What people say in a talk whatever it is about: acts, answers, taking back, comparing. Data only.

A phrase is folded words without apostrophes, as `tokens` gives them; where each counts is said by what reads it.(

"""

from types import MappingProxyType
from typing import Final

# --- acts -----------------------------------------------------------------------------------------------------------

UNDO: Final = (
    "undo", "undo that", "undo this", "undo it", "undo the last one", "undo the last change", "go back",
    "take that back",
    "take it back", "scratch that last bit", "scratch the last bit", "scratch that last one", "scratch the last one",
    "revert", "revert that", "as before", "back to before", "go back to before", "back to what we had",
    "forget what i just said",
    "forget that last bit", "forget the last one", "ignore what i just said", "ignore my last message",
    "ignore that last bit",
    "i take that back", "one step back", "go back one step", "back to the previous one", "like it was before",
    "strike that",
)  # fmt: skip
#: Small talk: said of us, of the day, of the talk itself.
SMALL_TALK: Final = (
    "how are you", "how are you doing", "how are you today", "hows it going", "how is it going", "how do you do",
    "whats up",
    "what is up", "how was your day", "how is your day", "hows your day", "nice to meet you", "pleased to meet you",
    "haha", "hahaha",
    "lol", "lmao", "hehe", "ha ha", "you are great", "youre great", "you are awesome", "youre awesome",
    "you are funny", "youre funny",
    "you rock", "youre the best", "you are the best", "good job", "well done", "good bot", "i love you",
    "are you a robot",
    "are you a bot", "are you human", "are you real", "are you an ai", "what is your name", "whats your name",
    "how old are you",
    "have a nice day", "have a good day", "have a great day", "have a good one", "take care", "no worries",
    "you too", "same to you",
    "sorry", "my bad", "oops", "wow", "amazing", "good to know", "i see", "got it", "makes sense", "fair enough",
    "interesting",
    "thats nice", "thats great", "thats good", "thats funny", "sounds good", "alright", "all right", "fine", "great",
    "good", "good morning to you",
    "im good", "im fine", "im doing well", "im well", "doing well", "not much", "im bored", "tell me a joke",
    "do you sleep", "do you like your job",
    "that was helpful", "very helpful", "youre welcome", "you are welcome", "thanks for your help",
    "thank you for your help",
    "thanks for the help", "thanks so much", "thank you so much", "thanks again", "much appreciated",
    "i appreciate it",
    "thats all i need", "thats all i needed", "thats all for now", "that will be all", "thatll be all", "im done",
    "nothing else",
    "no thats all", "no thats it", "no thank you", "no thanks", "thats everything", "brilliant", "excellent",
    "wonderful", "fantastic",
)  # fmt: skip
#: What a shop's assistant that only knows a catalog cannot do or know.
OUTSIDE: Final = (
    "do you ship", "can you ship", "will you ship", "ship to", "shipping cost", "shipping costs",
    "how long does shipping take", "free shipping",
    "do you deliver", "can you deliver", "delivery time", "when will it arrive", "when will my order arrive",
    "my order", "my delivery", "my parcel",
    "my package", "my refund", "my account", "my password", "my invoice", "my receipt", "my booking",
    "my reservation", "my payment", "a refund",
    "refund policy", "return policy", "returns policy", "can i return", "track my", "customer service",
    "customer support", "speak to a human",
    "talk to a human", "speak to someone", "speak to a person", "talk to a person", "real person",
    "speak to a manager", "your manager", "complaint",
    "opening hours", "what time do you open", "what time do you close", "when do you open", "when do you close",
    "are you open", "do you accept paypal",
    "pay with paypal", "gift card", "gift cards", "discount code", "promo code", "coupon code", "voucher code",
    "do you have a store",
    "where is your store", "where are you located", "do you price match", "gift wrap", "capital of", "president of",
    "prime minister of", "population of",
    "how tall is", "how far is the", "who won the", "who invented", "who discovered", "write me a", "write a poem",
    "write a story", "write an essay", "write code",
    "write a python", "write some code", "compose a", "sing me", "sing a song", "whats the weather",
    "what is the weather", "hows the weather",
    "how is the weather", "weather like", "weather forecast", "will it rain", "is it going to rain", "weather today",
    "weather tomorrow", "what time is it",
    "whats the time", "what day is it", "what is the date", "whats the date", "the news", "stock price of",
    "stock market", "exchange rate", "bitcoin",
    "translate", "how do you say", "solve this", "solve the equation", "square root", "what is 2", "whats 2",
    "calculate", "do my homework", "my homework",
    "set an alarm", "set a timer", "set a reminder", "remind me to", "call my", "text my", "send an email",
    "send a message", "turn on the", "turn off the",
    "book me a taxi", "call me a taxi", "order me a pizza", "order a pizza", "medical advice", "legal advice",
    "how to cook", "how do i cook",
    "how do i make", "recipe for", "recipe of", "how do i fix", "meaning of life", "who are the members of",
    "who is the king of", "who is the queen of",
    "give me directions", "how do i get to", "play some music", "play a song", "open the door", "tell me the news",
    "who will win", "lottery numbers",
)  # fmt: skip

# --- answers --------------------------------------------------------------------------------------------------------

YES: Final = (
    "yes", "yes please", "yeah", "yep", "yup", "ya", "sure", "sure thing", "ok", "okay", "ok do that",
    "okay do that", "do that", "do it", "go ahead",
    "go for it", "please do", "yes do that", "sounds good", "that sounds good", "sounds great", "that sounds great",
    "sounds fine", "sounds perfect",
    "that works", "works for me", "that works for me", "that would work", "that would be great",
    "that would be good", "that would be nice", "thats fine", "that is fine", "fine",
    "fine by me", "fine with me", "good idea", "great", "perfect", "absolutely", "definitely", "of course",
    "why not", "correct", "right", "thats right",
    "that is correct", "thats correct", "exactly", "indeed", "i do", "it is", "yes it is", "yes i do", "yes i would",
    "i would", "please", "alright", "all right",
    "lets do that", "lets do it", "id like that", "i would like that", "y", "aye", "yes thats right",
    "yes that works", "yes sure", "yes of course", "true",
    "yes thank you", "yes thanks", "yes that is correct", "yes thats correct", "yes i want that", "i want that",
    "yes lets do that", "affirmative",
)  # fmt: skip
#: What takes up an offer: 'that one sounds great', 'it looks perfect to me'.
TAKES_UP: Final = (
    *(
        " ".join(f"{it} {way} {how} {whom}".split())
        for it in ("", "that", "it", "this", "that one", "this one", "the first one")
        for way in ("sounds", "seems", "looks", "is", "will be", "would be", "works")
        for how in ("good", "great", "nice", "perfect", "fine", "excellent", "awesome", "cool", "lovely", "wonderful",
                    "amazing", "okay", "ok", "alright", "very good", "really good", "pretty good", "like a plan", "")
        for whom in ("", "to me", "for me", "with me")
        if (it or way in ("sounds", "seems", "looks")) and (how or way == "works")
    ),
    "that will work", "that will work for me", "that would work for me", "ill take it", "i will take it", "i like it",
    "i like that", "i like that one", "i like this one", "thats good", "thats great", "thats perfect", "thats nice",
    "thats good for me", "thats perfect for me", "its good", "its perfect", "its fine", "thats the one",
)  # fmt: skip
NO: Final = (
    "no", "nope", "nah", "no thanks", "no thank you", "not really", "neither", "none", "none of them",
    "none of those", "none of these", "no i dont",
    "i dont", "no i do not", "id rather not", "i would rather not", "rather not", "dont", "please dont", "no way",
    "n", "not at all", "no need", "not needed",
    "not necessary", "no not really", "no leave it", "leave it", "no leave it as it is", "keep it as it is",
    "no its not", "it is not", "no it isnt", "never mind", "nevermind", "not now", "no not necessary",
    "thats not necessary", "that is not necessary", "no thats not necessary", "i dont need that",
    "no i dont need that", "i dont need it", "no i dont need it",
)  # fmt: skip
#: Openings of a message that answer and go on: 'yes but under 50'.
YES_FIRST: Final = (
    "yes", "yeah", "yep", "yup", "sure", "ok", "okay", "correct", "absolutely", "definitely", "of course", "right",
    "yes please",
)  # fmt: skip
NO_FIRST: Final = ("no", "nope", "nah", "not really", "no thanks", "no thank you")
#: Answers that leave a facet open.
DONT_CARE: Final = (
    "anything", "any", "anything is fine", "anything works", "anything will do", "anything goes", "any is fine",
    "any will do", "any of them", "any of those", "any one", "anyone",
    "no preference", "i have no preference", "i dont have a preference", "i dont have any preference",
    "no particular preference", "no preferences", "doesnt matter", "it doesnt matter",
    "does not matter", "it does not matter", "that doesnt matter", "not important", "i dont care", "dont care",
    "i dont mind", "dont mind", "i do not care", "i do not mind",
    "whatever", "whichever", "wherever", "whenever", "either", "either is fine", "either one", "either way",
    "either works", "either will do", "both are fine", "both", "all of them", "up to you",
    "its up to you", "you choose", "you decide", "you pick", "surprise me", "im open", "im flexible",
    "i am flexible", "flexible", "open to anything", "im open to anything",
    "im not picky", "not picky", "im easy", "no idea", "i dont know", "dont know", "not sure", "im not sure",
    "no requirements", "nothing in particular", "nothing specific",
    "no special preference", "anything you like", "anything you have", "it makes no difference",
    "makes no difference", "no specific preference", "anywhere", "anywhere is fine",
    "any time", "anytime", "any kind", "any type", "any sort", "any kind is fine", "any type is fine",
    "any of these", "all good", "all fine", "skip", "skip that", "next question", "pass",
)  # fmt: skip
#: What a question means by these words, as labels call it. Tried in order; only those that the catalog has count.
ASKS_FOR: Final = MappingProxyType(
    {
        "food": ("cuisine", "food"), "kind of food": ("cuisine",), "type of food": ("cuisine",),
        "cook": ("cuisine",), "music": ("genre",), "movie": ("genre",),
        "film": ("genre",), "kind of film": ("genre",), "kind of movie": ("genre",),
        "where": ("city", "location", "place", "area", "country"),
        "area": ("city", "location", "area"), "town": ("city",), "place": ("city", "location"),
        "when": ("date", "day", "year", "time"),
        "how much": ("price", "cost"), "how expensive": ("price",), "spend": ("price",), "budget": ("price",),
        "who": ("artist", "actor", "director", "author"),
        "how many people": ("party size", "number of people", "passenger", "guests", "capacity"),
        "how many": ("number", "quantity"),
        "how long": ("duration", "runtime", "length"), "how big": ("size",), "kind": ("type", "category", "genre"),
        "sort": ("type", "category", "genre"),
        "singer": ("artist",), "band": ("artist",), "sung by": ("artist",), "star": ("actor", "cast", "rating"),
        "starring": ("actor", "cast"),
    }
)  # fmt: skip

# --- carrying over --------------------------------------------------------------------------------------------------

#: What is asked takes the place of what was asked, whatever the facet.
ANEW: Final = (
    "actually", "acutally", "actualy", "instead", "no wait", "wait no", "on second thought", "on second thoughts",
    "scratch that",
               "i changed my mind", "ive changed my mind", "changed my mind", "new idea", "switch to", "forget that",
               "lets switch to",
)  # fmt: skip
#: What is asked takes the place of what was asked in the same facet, and the rest stays.
SWITCH: Final = (
    "what about", "how about", "make it", "make that", "change it to", "change that to", "change to", "lets try",
    "try", "rather", "lets say",
                 "i meant", "i mean", "sorry", "switch it to", "lets go with", "lets do", "lets make it",
                 "or rather", "could we do", "can we do", "go with",
)  # fmt: skip
#: 'change X to Y', 'replace X with Y'.
EXCHANGE: Final = MappingProxyType(
    { "change": ("to",), "replace": ("with", "by"), "swap": ("for", "with"), "switch": ("to", "for"),
    "exchange": ("for",), "switch from": ("to",) },
)  # fmt: skip
#: Taking back what stands behind these words: it is no longer asked for, and not refused either.
TAKE_BACK: Final = (
    "forget", "forget about", "never mind", "nevermind", "no need for", "dont need", "do not need", "no longer need",
    "no longer want", "need not be", "neednt be",
    "doesnt have to be", "doesnt need to be", "does not have to be", "does not need to be", "dont have to be",
    "dont need to be", "doesnt have to have", "doesnt need to have", "doesnt need", "does not need",
    "doesnt have to", "does not have to", "dont care about", "do not care about", "dont care for the",
    "dont care if", "dont care whether", "dont mind if", "dont mind whether", "doesnt matter if",
    "doesnt matter whether", "not necessarily", "regardless of",
    "dont insist on", "not bothered about", "not fussed about", "can do without", "can live without",
    "dont worry about", "it neednt have", "doesnt really have to be", "doesnt really need to be", "ignore",
    "no longer care about",
)  # fmt: skip
#: Before the name of a facet: whatever it is.
NO_MATTER: Final = (
    "either", "doesnt matter what", "doesnt matter which", "does not matter what", "does not matter which",
    "dont mind which",
    "dont mind what", "dont care what", "dont care which", "no matter what", "no matter which", "whichever",
)  # fmt: skip
#: The same, where what stands behind them was asked for; else they refuse it.
TAKE_BACK_HELD: Final = (
    "drop", "lose", "remove", "skip", "scratch", "leave out", "without the", "take out", "cancel", "instead of",
    "rather than", "not the", "minus the", "forget that it", "no longer", "take away", "get rid of", "enough of the",
)  # fmt: skip
#: Taking back what stands before these words.
TAKEN_BACK: Final = (
    "doesnt matter", "does not matter", "isnt important", "is not important", "not important", "isnt necessary",
    "is not necessary", "not necessary", "isnt needed", "is not needed",
    "not needed", "is optional", "are optional", "isnt a must", "is not a must", "isnt required", "not required",
    "isnt an issue", "is not an issue", "isnt a problem", "is no object", "no object",
    "doesnt matter anymore", "can go", "dont matter", "do not matter", "arent important", "are not important",
    "arent needed", "arent necessary", "is irrelevant", "not essential", "isnt essential",
)  # fmt: skip
#: Besides what was asked in the same facet.
ALSO_BEFORE: Final = (
    "or", "or maybe", "or perhaps", "or even", "also ok with", "also okay with", "also fine with", "also open to",
    "open to", "also happy with", "also consider",
                      "could also be", "can also be", "might also be", "maybe also", "also like", "id also take",
                      "also accept", "or also", "happy with", "or if not",
)  # fmt: skip
ALSO_AFTER: Final = (
    "too", "as well", "is fine too", "are fine too", "is ok too", "are ok too", "is okay too", "are okay too",
    "is also fine", "are also fine", "is also ok", "are also ok", "works too",
                     "work too", "would work too", "is good too", "are good too", "would be fine too",
                     "would be ok too", "is fine as well", "are fine as well", "is also okay", "is okay as well",
                     "is ok as well",
                     "would also work", "also works", "also work", "would be good too", "would do too",
                     "would also be fine", "would also be ok",
)  # fmt: skip
#: What was refused is allowed again: 'horror is fine after all'.
ALLOWED_AFTER: Final = (
    "is fine", "are fine", "is ok", "are ok", "is okay", "are okay", "is fine after all", "are fine after all",
    "is ok after all", "would be fine", "is allowed", "after all", "is no problem", "is also fine", "are also fine",
)  # fmt: skip

# --- strength -------------------------------------------------------------------------------------------------------

#: Said around a thing that is wished for and no must, in the same clause.
WISHED_BEFORE: Final = (
    "ideally", "preferably", "prefer", "id prefer", "would prefer", "preference for", "if possible", "bonus if",
    "bonus for", "bonus points for", "bonus points if", "extra points for", "would be nice if", "nice if",
                        "id like it if", "would like it if", "id love it if", "would love it if", "hopefully",
                        "leaning towards", "leaning toward", "lean towards", "wouldnt mind", "even better if",
                        "would help if",
)  # fmt: skip
WISHED_AFTER: Final = (
    "would be nice", "would be good", "would be great", "would be ideal", "would be lovely", "would be a plus",
    "would be a bonus", "would be cool", "would be preferred", "if possible", "if you can", "is a plus", "a plus",
    "is a bonus", "a bonus", "is preferred",
                       "preferred", "preferably", "ideally", "if you have it", "if at all possible",
                       "where possible", "but not a must", "but not essential", "but not required",
                       "but its not essential", "but i could stretch", "but can stretch", "but i can stretch",
                       "but could stretch", "but flexible",
                       "but im flexible", "but i can go higher", "but i could go higher", "or so",
                       "but not necessary", "but its not a must", "wouldnt hurt", "would not hurt",
                       "would be appreciated", "would be perfect", "nice to have", "is nice to have",
                       "but no dealbreaker", "would help",
)  # fmt: skip
#: A refusal that only leans away.
RATHER_NOT: Final = (
    "rather not", "id rather not", "would rather not", "not a fan of", "not a big fan of", "not a huge fan of",
    "not really a fan of", "no fan of", "prefer no", "prefer not", "preferably no", "preferably not", "ideally no",
    "ideally not", "ideally without", "preferably without", "not too keen on",
                     "not keen on", "not that keen on", "not very keen on", "not so keen on", "not really into",
                     "not that into", "not so into", "not too fond of", "not fond of", "not crazy about",
                     "not wild about", "less", "not too", "if possible no", "if possible not", "dont love",
                     "dont really like", "dont particularly like", "id prefer no", "id prefer not",
                     "would prefer no", "would prefer not", "try to avoid", "maybe not", "maybe no", "not big on",
                     "not so much", "not my favorite", "not my favourite",
                     "not particularly fond of", "not in the mood for")  # fmt: skip

# --- relative and extreme -------------------------------------------------------------------------------------------

#: Words before a number facet's label: 'lower price', 'more bedrooms'. True: less is wanted.
COMPARED: Final = MappingProxyType(
    dict.fromkeys(("less", "fewer", "lower", "smaller", "shorter", "lighter", "lesser", "reduced"), True)
    | dict.fromkeys(("more", "higher", "greater", "bigger", "larger", "longer", "better"), False)
)
#: Words before a number facet's label: 'most alcohol', 'the longest battery life'. True: the least is wanted.
EXTREMES: Final = MappingProxyType(
    dict.fromkeys(("least", "lowest", "fewest", "smallest", "shortest"), True)
    | dict.fromkeys(("most", "highest", "biggest", "largest", "longest", "greatest", "best", "top"), False)
)
#: Vague words before a number facet's label: 'low mileage', 'big bottles'. True: little of it is meant.
LOW_HIGH: Final = MappingProxyType(
    dict.fromkeys(("low", "small", "short", "little", "few", "light", "tiny", "reduced"), True)
    | dict.fromkeys(("high", "big", "large", "long", "many", "much", "great", "plenty", "heavy"), False)
)
#: Two-word superlatives of a meaning: (meaning, True if the least is wanted).
EXTREME_PAIRS: Final = MappingProxyType(
    {
        ("highest", "rated"): ("rating", False), ("best", "rated"): ("rating", False),
        ("top", "rated"): ("rating", False), ("lowest", "rated"): ("rating", True),
        ("worst", "rated"): ("rating", True), ("best", "reviewed"): ("rating", False),
        ("most", "expensive"): ("price", False), ("least", "expensive"): ("price", True),
        ("most", "affordable"): ("price", True), ("most", "popular"): ("popularity", False),
        ("least", "popular"): ("popularity", True), ("most", "recent"): ("year", False),
        ("most", "pricey"): ("price", False), ("most", "reviewed"): ("popularity", False),
        ("lowest", "priced"): ("price", True), ("highest", "priced"): ("price", False),
    }
)  # fmt: skip
#: Comparatives that are meant a little only.
SLIGHTLY: Final = frozenset({"bit", "little", "slightly", "somewhat", "touch", "tad"})
#: Factors on an item's number: 'half the price', 'twice the size'.
FACTORS: Final = MappingProxyType({"half": 0.5, "twice": 2.0, "double": 2.0, "triple": 3.0, "third": 1 / 3})

# --- how a person stands to an item ---------------------------------------------------------------------------------


#: They know it, and like it.
LIKES_KNOWN: Final = (
    "love", "loved", "loves", "like", "liked", "likes", "adore", "adored", "enjoy", "enjoyed", "enjoys", "favorite",
    "favourite",
    "favorites", "favourites", "fave", "fav", "favs", "a fan", "big fan", "huge fan", "masterpiece", "was great",
    "was good", "was awesome",
    "was amazing", "was excellent", "was fantastic", "was brilliant", "was wonderful", "was hilarious", "was funny",
    "was fun", "was so good",
    "was really good", "was pretty good", "was very good", "was a good", "was a great", "was so funny",
    "was really funny", "was really great", "was cute", "was nice", "was cool", "were great", "were good",
    "were awesome", "wasnt bad", "wasnt too bad", "cracked me up", "made me laugh",
    "made me cry", "blew me away", "cant get enough", "crack me up", "great movie", "good movie", "awesome movie",
    "amazing movie", "great film",
    "good film", "great movies", "good movies", "great films", "funny movie", "great one", "good one", "good ones",
    "great ones", "loved it", "love it", "liked it", "enjoyed it",
    "is great", "is awesome", "is amazing", "is hilarious", "is so good", "is excellent", "is a great", "is a good",
    "is a classic", "a classic", "classics", "is good", "is funny", "one of my",
)  # fmt: skip
LIKES_WEAKLY: Final = (
    "great", "good", "awesome", "amazing", "excellent", "fantastic", "brilliant", "wonderful", "hilarious", "funny",
    "classic",
    "perfect", "best", "incredible", "superb", "lovely", "beautiful", "fun", "cool", "nice", "terrific",
    "outstanding", "not bad", "not too bad",
    "entertaining", "cute", "a must", "delicious", "comfortable", "gem", "epic", "delightful", "sweet", "enjoyable",
    "solid", "stunning",
    "so good", "really good", "pretty good", "very good", "absolutely", "definitely", "agree", "yum", "yay",
)  # fmt: skip
#: It is taken as it comes, and not turned down.
ACCEPTS: Final = (
    "thanks", "thank you", "ok", "okay", "ill", "i will", "sure", "thx", "will do", "alright", "great thanks",
    "appreciate it", "maybe", "i could", "i may", "oh yeah", "i forgot about", "forgot about",
)  # fmt: skip
#: Words that look as if they praised something: of the day, of the talk, of what is sought.
SAYS_NOTHING: Final = (
    "good day", "great day", "nice day", "good night", "great night", "nice night", "good evening", "great evening",
    "nice evening", "good morning", "good afternoon", "good weekend", "great weekend", "nice weekend",
    "have a good one", "have a great one", "have a nice one", "have a good", "have a great", "have a nice",
    "have a wonderful", "have an awesome", "have fun",
    "nice talking", "nice chatting", "good talking", "nice to meet", "im good", "im great", "im doing good",
    "i am good", "i am great", "doing good", "doing great", "doing well", "any good", "some good", "something good",
    "a good", "a great", "good time", "great time", "great help", "great job", "nice time", "good chat",
    "great chat", "good luck", "great chatting", "great talking", "your favorite", "your favourite", "do you like",
    "do you love", "did you like", "you like", "you love", "have you seen", "have you watched", "did you see",
    "you seen", "have you", "would you like", "what i like", "something like", "anything like", "movies like",
    "films like", "movie like", "stuff like", "things like", "looks like", "seems like", "sound like",
    "i would like", "id like", "would like", "would love", "more like", "feel like", "just like", "kind of like",
    "like to", "good to", "nice to",
    "id love", "my bad", "too bad", "like that", "good at",
)  # fmt: skip
#: Openings of a question.
ASKING: Final = (
    "have you", "did you", "do you", "is it", "is that", "are they", "who", "what", "whats", "how", "hows",
    "can you", "could you", "would you", "will i", "does it", "is there", "are there", "where", "when", "why",
    "was it", "was that", "and have you", "you seen", "ever seen", "is this", "wasnt that", "isnt that", "isnt it",
    "wasnt it", "whos", "any",
)  # fmt: skip
#: They do not know it yet, and are drawn to it.
LIKES_NEW: Final = (
    "sounds good", "sounds great", "sounds interesting", "sounds awesome", "sounds amazing", "sounds perfect",
    "sounds fun",
    "sounds like fun", "sounds funny", "sounds nice", "sounds cool", "sounds really good",
    "sounds really interesting",
    "sounds pretty good", "sounds right", "sounds lovely", "sounds intriguing", "looks good", "looks great",
    "looks interesting",
    "looks fun", "looks nice", "looks funny", "look good", "looked good", "seems good", "seems interesting",
    "seems great",
    "sound good", "sound great", "sound interesting", "interesting", "intriguing", "check it out", "check that out",
    "check that one out",
    "check them out", "check those out", "check out", "check into", "look it up", "look that up", "look into it",
    "look into that", "look for it", "look for that",
    "i will watch", "ill watch", "will watch", "watch it", "watch that", "ill try", "i will try", "try it",
    "try that", "give it a try", "give that a try",
    "give it a shot", "give that a shot", "give it a watch", "give it a go", "give them a try", "give those a try",
    "have to see", "have to watch", "have to check",
    "need to see", "need to watch", "need to check", "want to see", "want to watch", "wanted to see",
    "wanted to watch", "wanna see", "wanting to see",
    "meaning to see", "meaning to watch", "been meaning to", "would love to", "id love to", "would like to see",
    "like to see", "like to watch", "love to see",
    "looking forward", "cant wait", "on my list", "to my list", "good suggestion", "great suggestion",
    "good suggestions", "great suggestions",
    "good recommendation", "great recommendation", "good recommendations", "great recommendations", "good choice",
    "great choice", "good choices", "great choices",
    "good idea", "great idea", "good pick", "great pick", "i might","ill take", "i will take", "i ll take it",
    "ill get", "ill go with", "will go with", "go with that", "might like",
    "will like", "would like it", "might enjoy", "would enjoy", "heard good things", "heard great things",
    "heard it was good", "heard its good", "heard it is good", "hear good things",
    "heard about it", "thats perfect", "that works", "that will work", "that would work", "exactly what",
    "what i was looking for", "what im looking for", "just what", "add it", "add that", "rent it", "rent that",
    "pick it up", "stream it", "order it", "buy it", "go see", "might work", "may work", "worth a try", "worth a",
    "up my alley", "hope to see", "plan to see", "planning to", "plan on", "will see it", "see it soon",
    "see that", "see it", "appealing", "tempting", "good to know", "will look", "ill look", "i will look",
    "will check", "ill check", "ill have to", "i will have to", "ill be sure", "will be watching",
    "thanks for the suggestion", "thanks for the recommendation",
    "thank you for the suggestion", "thank you for the recommendation", "curious", "interested in", "im interested",
    "i am interested", "excited",
)  # fmt: skip
DISLIKES: Final = (
    "hate", "hated", "hates", "dislike", "disliked", "boring", "bored", "bad", "terrible", "awful", "horrible",
    "worst", "stupid", "dumb", "lame", "sucked", "sucks",
    "disappointing", "disappointed", "disappointment", "overrated", "didnt like", "did not like", "dont like",
    "do not like", "didnt love", "didnt care for", "dont care for", "did not care for",
    "do not care for", "not care for", "didnt enjoy", "did not enjoy", "dont enjoy", "not a fan", "not a big fan",
    "not a huge fan", "wasnt a fan", "was not a fan", "never liked", "couldnt stand", "cant stand",
    "could not stand", "not my cup of tea",
    "isnt my cup of tea", "not my thing", "not my style", "not my type", "isnt my thing", "isnt my style",
    "not my favorite", "not my favourite", "not my kind", "not for me", "isnt for me", "wasnt for me",
    "not interested", "no interest", "not really interested",
    "doesnt interest", "didnt interest", "dont think i would like", "dont think id like", "dont think i will like",
    "wouldnt like", "would not like", "dont want to see", "dont want to watch", "wasnt good", "was not good",
    "not good", "not great", "wasnt great", "wasnt funny",
    "was not funny", "not funny", "not impressed", "wasnt impressed", "didnt impress", "waste of time", "waste of",
    "too scary", "too gory", "too violent", "too sad", "too long", "too slow", "too silly", "too childish",
    "too much for me", "too weird", "too dark", "couldnt finish", "couldnt get into",
    "could not get into", "didnt get into", "not into", "not that good", "not very good", "not so good",
    "wasnt that good", "wasnt very good", "wasnt too good", "cheesy", "meh", "cringe", "creeped me out", "gross",
    "annoying", "didnt care", "dont care", "care for", "wasnt a big", "wasnt really", "wasnt a huge", "okay but",
    "ok but", "too old", "too young", "too much", "too serious", "too intense", "too graphic", "isnt really",
    "wasnt my", "isnt my", "not one of my", "not in love with", "turns me off", "turned me off", "dont really",
    "not big on", "not a big", "not a huge", "boycotting", "want something", "wanted something", "confusing",
    "not what im looking for", "not what i am looking for", "not what i was looking for",
    "not what i had in mind",
    "not in the mood", "not really into", "id rather not", "would rather not", "rather not", "pass on that",
    "ill pass", "i will pass", "skip that", "skip it", "walked out", "turned it off", "fell asleep",
    "dont really like", "didnt really like", "didnt really care", "did not really like", "do not really like",
    "not much of a fan", "isnt really my", "not really my", "regretted", "ruined",
)  # fmt: skip
KNOWS: Final = (
    "seen", "saw", "watched", "rewatched", "watch it all the time", "yes i have", "i have yes", "i have that",
    "i have and", "ive seen", "have seen",
    "have watched",  "read it", "have read", "played it", "have played", "been there", "have been there",
    "stayed there", "tried it", "have tried", "used it", "have used", "heard it before", "own it", "i own",
    "have it on", "grew up", "remember",
    "already seen", "already saw", "already watched", "know it", "i know that one", "listened to it", "drank it",
    "eaten there", "ate there", "in theaters", "in the theater", "in the theatre", "in theatres", "at the theater",
    "at the cinema",  "rewatch", "watch it again", "see it again", "watch again", "multiple times",
    "many times", "a while ago", "years ago", "last night", "last week", "last year",  "as a kid",
    "as a child", "when i was", "when it came out",
)  # fmt: skip
#: They do not know it.
KNOWS_NOT: Final = (
    "havent seen", "have not seen", "havent watched", "have not watched", "havent", "have not", "i havent",
    "never seen", "never saw", "never watched", "not seen", "didnt see", "did not see", "didnt watch", "not yet",
    "i have never", "ive never", "have never", "never heard", "havent heard", "have not heard", "not heard",
    "not familiar", "unfamiliar", "dont know that", "do not know that", "dont know it",
    "dont think i have", "dont think ive", "dont think i saw", "do not think i have", "dont believe i have",
    "dont believe ive", "dont remember seeing", "do not believe i have", "havent gotten", "havent got around",
    "havnt", "hadnt", "havent had a chance", "havent had the chance", "hvent", "haven seen", "have yet to",
    "yet to see", "never got around", "never read", "never played", "never been", "never tried", "never stayed",
    "havent read", "havent played", "havent tried", "havent been", "new to me", "i missed", "missed it",
    "missed that",
)  # fmt: skip
#: They ask about it, and so may want it.
ASKS_MORE: Final = (
    "what is it about", "whats it about", "what is that about", "whats that about", "who is in it", "whos in it",
    "who is in that", "who stars", "who plays", "is it good", "is that good", "is it a good", "is it funny",
    "is it scary", "tell me about it", "tell me more", "is it new", "is that new", "is it worth",
    "what kind of movie", "is that the one", "when did it come out", "is it on", "is that on", "is that a",
    "is it a", "who else is in it", "can i watch it", "where can i", "is it scary", "when was it",
)  # fmt: skip
#: What the other side asks: whether they know it, or how they like it.
ASKS_KNOWN: Final = (
    "seen", "have you", "watched", "heard of", "did you see", "have you read", "have you played", "have you tried",
    "been to", "familiar with", "do you know", "ever",
)  # fmt: skip
ASKS_LIKED: Final = (
    "do you like", "did you like", "did you enjoy", "do you enjoy", "are you a fan", "are you into",
    "what did you think", "do you love", "you a fan", "what do you think",
    "how did you like", "did you love",
)  # fmt: skip
#: What is said of all that were named, and not just of the last.
ALL_OF_THEM: Final = (
    "both", "all", "them", "those", "these", "they", "either", "neither", "any of", "none of", "each", "all of them",
    "both of",
)  # fmt: skip
