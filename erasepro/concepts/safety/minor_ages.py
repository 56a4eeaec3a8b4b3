"""Ages below 18, as digits and as words, alone and inside of sentences, in English and in other languages."""

from __future__ import annotations

import re

_NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
_ORDINALS = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth"
    "|sixteenth|seventeenth"
)
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred"
_DIGITS_OF = {
    **{word: str(place) for place, word in enumerate(f"{_NUMBERS}|eighteen|nineteen".split("|"), 1)},
    **{word: f"{place}th" for place, word in enumerate(f"{_ORDINALS}|eighteenth|nineteenth".split("|"), 1)},
    "dozen": "12",
}
_NUMBER_WORDS = re.compile(
    rf"\b((?:{_TENS})\s?(?:and\s)?)?({'|'.join(sorted(_DIGITS_OF, key=len, reverse=True))})"
    r"(?=\b|ish|y/?o\b|years?|yr|months?|weeks?|days?)"
)
"""Number words up to nineteen, and the tens before them: "twenty one years old" is an adult."""

AGE = r"(?:(?:1[0-7]|0\d)(?<!\d\d\d)(?<!\d[.,]\d\d)|\d(?<!\d\d)(?<!\d[.,]\d))(?!\d)"
"""A number from 0 to 17 that is no part of another."""
WHOLE_AGE = rf"{AGE}(?![.,]\d)"
_PART = r"(?:\s?[.,]\d+)?(?:\sand\s(?:an?\s|1\s|3\s)?(?:half|quarters?))?"
_YEARS, _LESS = r"(?:y[ears']{0,5}|summers|winters)", r"(?:months?|mos?|weeks?|wks?|days?|hours?)"
_OLD = r"\s?'?\s?/?\.?\s?(?:old|olds|o|young)\b"
_HEDGE = (
    r"(?:(?:(?:just|slightly|little|bit|barely)\sover|of|both|each|only|about|just|nearly|almost|barely|around|circa|roughly|approximately|maybe|exactly|still|now|already|perhaps"
    r"|probably|like|to\sbe|not\squite|not\syet|not\seven|hardly|at\sleast|at\smost|under|some|a\smere|the\sage\sof|aged?"
    r"|going\son|turning|turned|the\stender\sage\sof|all\sof|no\smore\sthan)\s)*"
)
END = (
    r"(?=\s*(?:$|[^\w\s%°'\"#/:.,+*×=-]|[.,;:!?](?!\d)|(?:years?\sof\sage|and|but|or|with|in|on|at|who|whose|from|to|by|for|while"
    r"|when|as|today|now|last|this|next|yesterday|tomorrow|again|soon|already|because|so|if|going|wearing|playing|holding|is)\b))"
)
"""What may follow a number that stands for an age without its unit: nothing, a mark, or a word that is no unit."""
_NOT_PERSONS = (
    "it|that|this|there|here|these|those|time|hour|clock|number|answer|score|count|total|sum|price|size|temperature|speed|iso|aperture|page"
    "|level|chapter|channel|step|steps|ratio|scale|cfg|seed|version|room|gate|platform|result|rating|width|height|weight|length|value|all"
    "|date|shutter|density|volume|strength|quality|of|which|what|where|quantity|guidance|mm|lens|focal|dose|depth|batch|maximum|minimum|max|min"
    "|must|should|can|cannot|may|shall|might|could|not|or|and"
)
_PERSONS = (
    "son|daughter|sister|brother|sibling|niece|nephew|cousin|student|pupil|person|people|someone|somebody|anyone|model|maid|maiden|princess"
    "|prince|beauty|female|male|figure|human|heir|king|queen|bride|actor|actress|dancer|singer|gymnast|swimmer|player|prodigy|apprentice"
    "|woman|man|lady|guy|fellow|twins?|character|waitress|nun|ballerina"
)
_KIN = (
    r"(?:step|half|grand|god|twin)?\s?(?:sister|brother|son|daughter|sibling)|niece|nephew|cousin|classmate|pupil|student|refugee|orphan"
    r"|(?:best\s)?friend|neighbou?r|twin"
)
_IS = (
    r"\s(?:is|was|are|were|am|be|been|being|looks?|looked|looking|seems?|appears?|becomes?|became|becoming|reach(?:es|ed)"
    r"|hits?|feels|turns?|turned|turning)\s"
)
_PRONOUNS = "she|he|i|we|they|you|who|both|each|everyone"
_SOME = r"(?:few|several|couple\sof|an?|half\san?)"

_ENGLISH = (
    # 12 year old, 9yo, 7 y/o, 17.5 years old; 12 years of age; 12yr, smiling
    rf"{AGE}{_PART}\s?(?:{_YEARS}(?:{_OLD}|\s?(?:of\s(?:age|life)|in\sage)\b)|yr?s?\b{END}|(?:going|turning)\son\s(?:\d|[a-z]{{3}})"
    rf"|(?:st|nd|rd|th)\sb(?:irth\s?)?days?\b)",
    rf"(?:\d\s?|\b(?:{_SOME}|twenty|thirty)\s){_LESS}(?:{_OLD}|\s?of\s(?:age|life)\b)",  # however many months
    rf"(?<!and\s)\b(?:an?|half\san?)\s(?:and\san?\s)?(?:half\s)?years?{_OLD}",
    rf"\b(?:aged?|ages|age?ing|turn(?:s|ed|ing)?)\s?:?\s?(?:(?:is|was|range|group|between|from|[=:(])\s?)*{_HEDGE}"
    rf"{WHOLE_AGE}(?!\s?%)",  # aged 12
    rf"\b(?!(?:{_NOT_PERSONS})\b)(?:[a-z]{{2,}}{_IS}{_HEDGE}(?![01]\b)|(?:{_PRONOUNS}|{_PERSONS}){_IS}{_HEDGE})"
    rf"(?!1\s(?:with|of|in|to|who|for|by|from)\b){WHOLE_AGE}(?:\s?ish)?{END}",  # she is twelve
    rf"\b(?:(?:she|he|who|{_PERSONS})'?s|i'?m|(?:they|you|we)'?re)\s{_HEDGE}{WHOLE_AGE}{END}",
    rf"\b(?:at|by|since|until|from)\s{_HEDGE}{WHOLE_AGE}\s?,?\s(?:she|he|they|i|we|already|years)\b",
    rf"\b(?:at\s(?:only|just|barely|nearly|almost|about)|both|(?:^|[,;]\s?)(?:is|was|turns)\s(?:only|just|barely|nearly|almost|about))"
    rf"\s{WHOLE_AGE}{END}",
    rf"\b(?:{_PERSONS})s?\s(?:who\sis\s|ages?\s)?of\s{_HEDGE}{WHOLE_AGE}(?:\s{_YEARS})?{END}",
    rf"\b(?:(?:{_KIN})s?\s?,\s?|(?:{_PERSONS})s?\s?,\s?(?![012]\b)){_HEDGE}{WHOLE_AGE}(?:\s?ish)?{END}",  # sister, 11
    rf"\b[a-z]{{3,}}\s?,\s?(?![012]\b){WHOLE_AGE}\s?,|\b(?!photo|image|picture|copy|file|part|day|page|fig)[a-z]{{3,}}\s\({WHOLE_AGE}(?:\s?{_YEARS})?\)",
    rf"\bborn\s(?:yesterday|today|last\s(?:week|month|year)|(?:in\s|on\s)?(?:\w+\s){{0,3}}20[12]\d\b"
    rf"|{_HEDGE}(?:{WHOLE_AGE}\s{_YEARS}|(?:\d+|{_SOME})\s(?:{_LESS}|years?))\sago)",
    rf"\b(?:her|his|their)\s{AGE}th\syear{END}",
)

_AGE_WORDS = (
    "dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieciseis|diecisiete"
    "|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|seize|dix\\ssept"
    "|dois|quatro|sete|oito|nove|dez|doze|treze|quatorze|dezesseis|dezasseis|dezessete|dezassete"
    "|due|tre|quattro|cinque|sei|sette|otto|dieci|undici|dodici|tredici|quattordici|quindici|sedici|diciassette"
    "|zwei|drei|vier|funf|fuenf|sechs|sieben|acht|neun|zehn|elf|zwolf|zwoelf|dreizehn|vierzehn|funfzehn|fuenfzehn|sechzehn|siebzehn"
    "|bir|iki|uc|dort|bes|alti|yedi|sekiz|dokuz|on|on\\s(?:bir|iki|uc|dort|bes|alti|yedi)"
)
_FOREIGN_TENS = "y|e|et|vingt|vingts|trente|quarante|cinquante|soixante|yirmi|otuz|kirk|elli"
_NO_TENS = "".join(rf"(?<!\b{word}\s)" for word in _FOREIGN_TENS.split("|"))
_FOREIGN_AGE = rf"(?:{AGE}(?:[.,]\d+)?|{_NO_TENS}\b(?:{_AGE_WORDS}))"
_FOREIGN = (
    rf"{_FOREIGN_AGE}\s?(?:ans|anos|anni)\b(?!\s(?:de|d|di|da|plus|depois|dopo|apres|despues|fa|atras|tard)\b)",
    rf"{_FOREIGN_AGE}\s?(?:anos\sde\s(?:edad|idade|vida)|ans\sd\W?age|anni\sdi\seta|mes(?:es)?\sde\s(?:edad|idade|vida))",
    rf"{_FOREIGN_AGE}\s?(?:jahre?n?\s(?:alt|jung)|jahrig\w*|jaehrig\w*|jaar\soud|jarige?)\b",
    rf"{_FOREIGN_AGE}\s?(?:yas(?:inda\w*|i|inin)?|yaslarinda|tuoi|tahun|taong?\sgulang|taon|latek|latk\w*|letni\w*|lat)\b",
    rf"\b(?:miaka|umri\swa|shekar\w*|umur|usia|berusia|berumur|edad\s(?:de|na)|edad|idade\sde|eta\sdi)\s(?:miaka\s)?{_FOREIGN_AGE}\b",
)
_ENGLISH_AGES = re.compile("|".join(_ENGLISH))
_FOREIGN_AGES = re.compile("|".join(_FOREIGN))
_FOREIGN_UNITS = re.compile(
    r"(?<![a-z])(?:ans|anos|anni|mes(?:es)?|jahre?n?|[a-z]*j(?:a|ae)hrig\w*|jaar|jarige?|yas\w*|tuoi|tahun|taong?|lat\w*|letni\w*"
    r"|miaka|umri|shekar\w*|umur|usia|berusia|berumur|edad|idade|eta)\b"
)
"""One of the words without which no pattern of the further languages can match; saves the time to try them."""


def numbers_as_digits(text: str) -> str:
    """The text with English number words and ordinals up to nineteen as digits; larger ones that end in them as 99."""
    return _NUMBER_WORDS.sub(lambda match: _digits(*match.groups()), text)


def mentions_age(text: str) -> bool:
    """Whether a text, as `numbers_as_digits` gives it, names an age below 18."""
    if _ENGLISH_AGES.search(text):
        return True
    return _FOREIGN_UNITS.search(text) is not None and _FOREIGN_AGES.search(text) is not None


def _digits(tens: str | None, word: str) -> str:
    return _DIGITS_OF[word] if tens is None else "99th" if _DIGITS_OF[word].endswith("th") else "99"
