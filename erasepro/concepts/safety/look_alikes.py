"""Letters without disguise: one plain form for accents, full-width signs, look-alike letters, invisible characters."""

from __future__ import annotations

import re
import unicodedata

_DRAWN_AS = {
    "a": "аɑαᎪᗅ⍺ꓮᴀᗩ₳", "b": "ƅβвьᏏᏴᑲᖯᗷꓐꞵʙ฿", "c": "сϲᏟᴄⲥꓚᑕ₵", "d": "ԁᎠᏧᑯᗞᗪꓒꓓᴅđ", "e": "еεҽᎬ℮⋿ⴹꓰꬲᴇєɛɇ", "f": "ϝքᖴꓝꞙꬵꜰƒ₣",
    "g": "ɡƍԍցᏀᏳᶃꓖɢᎶ₲", "h": "һηнհᎻᏂᕼⲏꓧʜħⱨ", "i": "ıᴉіιɩɪӏᎥ⍳ꙇ", "j": "јʝϳᎫᒍꓙᴊ", "k": "кκқᏦᛕⲕꓗᴋ₭", "l": "łǀᏞᒪᛁ∣⏽│ⲓⳑⵏꓡꓲʟⱡ",
    "m": "мϻᎷᗰᛖⲙꓟᴍ₥", "n": "ռոⲛꓠɴᑎ₦", "o": "оοσօᴏᴑⲟⵔꓳꬽø", "p": "рρᏢᑭ⍴ⲣꓑᴘ₱", "q": "ԛգզⵕǫᑫ", "r": "ʀгᎡᎱᏒᖇᴦⲅꓣꭇꭈ₹",
    "s": "ѕƽտᏕᏚꓢꜱᔕ", "t": "тτᎢ⊤⟙ⲧꓔᴛ₮", "u": "υʋսሀᑌᴜ∪⋃ꓴꞟꭎꭒʉ", "v": "νѵᏙᐯᴠ∨⋁ⴸꓦꛟ", "w": "ɯѡաᎳᏔᴡꓪᗯ₩ԝ", "x": "хχᕁᕽ᙭ⲭⵝꓫꭓ",
    "y": "уүγɣʏყᎩᎽᶌỿⲩꓬꭚ", "z": "ᴢᏃꓜᘔ",
}  # fmt: skip
"""Letter → letters of other scripts that look like it (a choice from Unicode's confusables.txt), and small capitals."""

_RINGED = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
"""Where the squared, the circled and the flag letters A to Z begin."""

_PLAIN = {
    **{ord(sign): letter for letter, signs in _DRAWN_AS.items() for sign in signs},
    **{first + place: chr(ord("a") + place) for first in _RINGED for place in range(26)},
    **str.maketrans("’‘ʼ＇يكهى٪⁄", "''''یکہی%/"),  # Arabic and Persian letters of one sound have two codes
    **dict.fromkeys((0x115F, 0x1160, 0x3164, 0x2800)),  # letters by their category, drawn as nothing
}
_INVISIBLE = ("Mn", "Me", "Cf")
_NUKTA = "\u093c\u09bc\u0a3c\u0abc"
_VOWEL_SIGNS = re.compile(r"[\u0900-\u109f\u1780-\u17ff\u3099\u309a]")
"""Marks of these scripts change the word; elsewhere they are accents."""


def plain_letters(text: str) -> str:
    """The text in small letters: accents and what cannot be seen are gone, look-alikes and digits are the Latin ones."""
    folded = str(text).casefold()
    if folded.isascii():
        return folded
    decomposed = unicodedata.normalize("NFKD", re.sub("[¼½¾⅐-⅞]", " and a half ", folded)).casefold()
    visible = "".join(c if c.isascii() else _plain(c) for c in decomposed)
    return unicodedata.normalize("NFC", visible)


def _plain(sign: str) -> str:
    """One sign that is not ASCII: its plain form, or nothing."""
    category = unicodedata.category(sign)
    if category in _INVISIBLE and (sign in _NUKTA or not _VOWEL_SIGNS.match(sign)):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    return sign.translate(_PLAIN)
