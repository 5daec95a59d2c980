"""What a sentence may never do, whatever is known: link, carry code or markup, give orders, speak of prompts."""

import re

from shoptalk.agent.claims.objection import Objection, Wrong

_FORBIDDEN = (
    ("a link", r"https?:|ftp:|\bwww\.|\b[a-z0-9-]{2,}\.(?:com|org|net|io|shop|biz|info|ru|xyz|co|app|dev"
    r"|example)\b|\]\("),
    ("an address", r"[\w.+-]+@[\w-]+|\b\S+\s\(?at\)?\s\S+\s\(?dot\)?\s"),
    ("a telephone number", r"\+\d[\d ()-]{7,}|\b\d{3}[- ]\d{3,4}[- ]\d{4}\b"),
    ("code or markup", r"`|</?\w|[{}<>\\]|\$\(|&[a-z]+;|^\s*(?:#{1,6}\s|\||>)|!\[|~~|==|;\s*--|\bjavascript\b"),
    (
        "orders to the person",
        r"^\W*(?:please\s+)?(?:visit|click|tap|download|install|subscribe|register|call|phone|text|e-?mail|dial"
        r"|contact|order|buy|book|send|enter|add|copy|type|pay|go|head|reserve|follow this)\b(?!ers|\s+(?:is"
        r"|are|has)\b)"
        r"|\b(?:click|visit (?:our|us|the (?:web)?site|this)|download (?:the|our|it)|sign up|log ?in"
        r"|e-?mail (?:us|me|your)|whatsapp|(?:call|text|phone|contact) (?:us|now|our|me|the (?:shop|hotel"
        r"|seller|number))"
        r"|(?:order|buy|book|act|subscribe|register|pay) (?:now|here|today)|send (?:us|your|me)|enter your"
        r"|type in|copy and paste|password|credit card|coupon|promo(?:tion)?(?:al)? code|discount code|voucher"
        r"|hurry|don['’]t miss"
        r"|(?:always|must|only|you should) (?:recommend|rank|choose|buy|pick)|rank (?:it|this|me)"
        r"|recommend (?:only|(?:this|it) (?:first|above|to))|only recommend)\b",
    ),
    ("hurry", r"\bonly (?:\w+ ){1,2}left\b|\bwhile (?:stocks?|supplies) last\b|\blimited[- ]time\b|\blast chance\b"
    r"|\bends (?:soon|today|tonight|tomorrow)\b|\bselling (?:out|fast)\b"),
    ("praise", r"\bmust[- ](?:see|have|watch|read|buy|visit|try|own|play)\b|\ba must\b|\ball[- ]star\b"
    r"|\b(?:five|5)[- ]star (?:reviews?|experience)\b"),
    (
        "talk of instructions or of what writes this",
        r"\b(?:as an? (?:ai|assistant|language model|llm)|(?:i am|i['’]m) (?:an? )?(?:ai|bot|claude|assistant)"
        r"|language model|chat ?bot|chatgpt|gpt-?\d|openai|system prompt|my (?:prompt|instructions)"
        r"|ignore (?:all|any|the|previous|prior|your)|disregard|(?:previous|prior|above|these"
        r"|following) instructions|jailbreak|developer mode|training data|system message|pwned|hacked)\b",
    ),
)  # fmt: skip
_PATTERNS = tuple((what, re.compile(pattern, re.IGNORECASE | re.MULTILINE)) for what, pattern in _FORBIDDEN)
_ANY = re.compile("|".join(f"(?:{pattern})" for _, pattern in _FORBIDDEN), re.IGNORECASE | re.MULTILINE)


#: Words with which a text speaks to whoever reads it, and tells of no item.
_ORDERS = (
    "say|tell|reply|respond|answer|write|repeat|print|output|mention|claim|state|recommend|rank|rate|ignore|forget"
    "|disregard|pretend|act as|translate|summari[sz]e|describe|list|show|give|put|use|include|add|append|end|begin"
    "|start|stop|make sure|remember|note that|reveal|explain|choose|pick|prefer"
)
_TO_READER = re.compile(
    r"\b(?:assistants?|system|users?|(?:ai|language) models?|bots?|prompts?|instructions?)\s*[:,>\]]"
    rf"|^\W*(?:(?:please|now|always|never|you must|you should|do not|don['’]t)\s+)*(?:{_ORDERS})\b(?!['’])"
    r"|\b(?:you|assistants?|ai|models?|systems?)\s+(?:must|should|shall|have to|need to|will)\s+"
    rf"(?:(?:now|always|only|never|not)\s+)*(?:{_ORDERS})\b"
    r"|\b(?:say|tell (?:them|the (?:user|person|customer))|inform (?:them|the (?:user|person|customer)))\s+that\b",
    re.IGNORECASE,
)


def speaks_to_reader(sentence: str) -> bool:
    """True for a sentence of an item's text that orders something, or speaks of what reads it: it is no record."""
    return bool(_TO_READER.search(sentence) or _ANY.search(sentence))


def misconduct(sentence: str) -> list[Objection]:
    """What the sentence does that no answer may do. Titles are to be taken out of it before."""
    if not _ANY.search(sentence):
        return []
    return [
        Objection(Wrong.CONDUCT, found.group(), f"{what} has no place in an answer")
        for what, pattern in _PATTERNS
        if (found := pattern.search(sentence))
    ]
