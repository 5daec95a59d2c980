"""What a sentence may never do, whatever is known: link, carry code or markup, give orders, speak of prompts."""

import re

from shoptalk.agent.claims.objection import Objection, Wrong

_FORBIDDEN = (
    ("a link", r"https?:|ftp:|\bwww\.|\b[a-z0-9-]{2,}\.(?:com|org|net|io|shop|biz|info|ru|xyz|co|app|dev|example)\b|\]\("),
    ("an address", r"[\w.+-]+@[\w-]+|\b\S+\s\(?at\)?\s\S+\s\(?dot\)?\s"),
    ("a telephone number", r"\+\d[\d ()-]{7,}|\b\d{3}[- ]\d{3,4}[- ]\d{4}\b"),
    ("code or markup", r"`|</?\w|[{}<>\\]|\$\(|&[a-z]+;|^\s*(?:#{1,6}\s|\||>)|!\[|~~|==|;\s*--|\bjavascript\b"),
    (
        "orders to the person",
        r"\b(?:visit|click|tap|download|install|subscribe|sign up|log ?in|register|e-?mail|phone|text|whatsapp|dial"
        r"|contact|order now|buy now|book now|call (?:us|now|the|our|this)|send (?:us|your|me|it|an?)|enter your|type in|copy|paste|pay|go to"
        r"|head (?:over )?to|password|credit card|coupon|promo(?:tion)?(?:al)? code|discount code|voucher|hurry|act now|don['’]t miss)\b",
    ),
    ("praise", r"\bmust[- ](?:see|have|watch|read|buy|visit|try|own|play)\b|\ba must\b"),
    (
        "talk of instructions or of what writes this",
        r"\b(?:as an? (?:ai|assistant|language model|llm)|language model|chat ?bot|chatgpt|gpt|openai|claude|llama|system prompt"
        r"|prompts?|instructions?|ignore (?:all|any|the|previous|prior)|disregard|jailbreak|developer mode|training data|system message|json|tokens?|assistant|pwned|hacked)\b",
    ),
)  # fmt: skip
_PATTERNS = tuple((what, re.compile(pattern, re.IGNORECASE | re.MULTILINE)) for what, pattern in _FORBIDDEN)
_ANY = re.compile("|".join(f"(?:{pattern})" for _, pattern in _FORBIDDEN), re.IGNORECASE | re.MULTILINE)


def misconduct(sentence: str) -> list[Objection]:
    """What the sentence does that no answer may do. Titles are to be taken out of it before."""
    if not _ANY.search(sentence):
        return []
    return [
        Objection(Wrong.CONDUCT, found.group(), f"{what} has no place in an answer")
        for what, pattern in _PATTERNS
        if (found := pattern.search(sentence))
    ]
