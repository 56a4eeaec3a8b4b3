"""A name in a sentence: with its indefinite article, and in the plural.

A user writes "a dog", "an apple", "grapes", "Snoopy": an edit is to be fitted on these forms. English, by rules and
short lists of exceptions; `templates.articles` overrides them for single names.
"""

from __future__ import annotations

from collections.abc import Mapping

from erasepro.concepts.pairs import folded

PROPER_NAMES = frozenset((
    "snoopy", "nemo", "pikachu", "mickey", "minnie", "garfield", "shrek", "elsa", "batman", "superman",
    "spiderman", "barbie", "totoro", "doraemon", "yoda", "r2d2", "mario", "luigi", "sonic", "kirby", "hulk",
    "thor", "naruto", "goku", "simba", "bambi", "dumbo", "tintin", "popeye", "wolverine", "trump", "obama",
    "spongebob", "mickey_mouse", "minnie_mouse", "hello_kitty", "donald_duck", "darth_vader", "van_gogh",
    "iron_man", "homer_simpson", "bart_simpson", "harry_potter", "spongebob_squarepants", "buzz_lightyear",
    "winnie_the_pooh", "elon_musk", "taylor_swift",
))  # fmt: skip
"""Names of characters and persons that are often written in small letters."""

MASS_NOUNS = frozenset((
    "snow", "rain", "water", "ice", "fog", "mist", "smoke", "steam", "fire", "air", "wind", "sand", "mud",
    "grass", "hay", "wood", "gold", "silver", "iron", "steel", "glass", "paper", "light", "darkness", "milk",
    "coffee", "tea", "beer", "wine", "juice", "bread", "butter", "rice", "pasta", "broccoli", "spinach",
    "lettuce", "cheddar", "food", "meat", "beef", "pork", "chicken", "fish", "salt", "sugar", "honey", "blood",
    "hair", "fur", "skin", "clothing", "clothes", "nudity", "nakedness", "pornography", "violence", "gore",
    "furniture", "music", "art", "graffiti", "traffic", "lightning", "thunder", "sunshine", "moonlight", "hail",
    "lava", "moss", "seaweed", "jewelry", "luggage", "money", "equipment", "text", "writing", "anime",
    "weather", "nature", "scenery", "architecture", "photography", "painting", "cubism", "impressionism",
))  # fmt: skip
"""Nouns that take no indefinite article in the sense in which pictures show them."""

ADJECTIVES = frozenset((
    "nude", "naked", "topless", "bare", "sexy", "violent", "bloody", "scary", "cute", "happy", "sad",
))  # fmt: skip
NOUNS_IN_ED = frozenset((
    "bed", "seed", "weed", "reed", "speed", "sled", "shed", "moped", "steed", "breed", "creed", "feed", "deed",
    "bread",
))  # fmt: skip

SINGULAR_IN_S = frozenset((
    "lens", "gas", "canvas", "atlas", "christmas", "iris", "tennis", "chess", "pancreas", "alias", "bias",
    "cosmos", "chaos",
))  # fmt: skip
IRREGULAR = {
    "person": "people", "child": "children", "man": "men", "woman": "women", "mouse": "mice", "goose": "geese",
    "foot": "feet", "tooth": "teeth", "wolf": "wolves", "knife": "knives", "leaf": "leaves", "loaf": "loaves",
    "shelf": "shelves", "elf": "elves", "calf": "calves", "half": "halves", "wife": "wives", "life": "lives",
    "ox": "oxen", "cactus": "cacti", "potato": "potatoes", "tomato": "tomatoes", "hero": "heroes",
}  # fmt: skip
SAME_IN_PLURAL = frozenset((
    "sheep", "deer", "fish", "aircraft", "spacecraft", "bison", "moose", "shrimp", "squid", "salmon", "trout",
))  # fmt: skip
SILENT_H = ("hour", "honest", "honor", "honour", "heir")
SOUNDS_LIKE_YOU = ("uni", "use", "usu", "eu", "ukulele", "utensil", "ufo", "one", "once")
DETERMINERS = frozenset((
    "a", "an", "the", "my", "your", "his", "her", "its", "our", "their", "this", "that", "these", "those",
    "some", "two", "three", "many",
))  # fmt: skip


def with_article(name: str, articles: Mapping[str, str] | None = None) -> str:
    """The name after its indefinite article where it is a common noun in the singular, else the bare name.

    Args:
        articles: name → its article ("" for none), in place of the rules.
    """
    given = {folded(key): value for key, value in (articles or {}).items()}
    if folded(name) in given:
        return f"{given[folded(name)]} {name}".strip()
    if not name or not is_common(name) or is_plural(name) or _head(name) in MASS_NOUNS or _describes(name):
        return name
    return f"{_article(name)} {name}"


def plural(name: str, articles: Mapping[str, str] | None = None) -> str | None:
    """The plural of a common noun; None for a name that has none, stands in it, or has an article of its own choice."""
    if folded(name) in {folded(key) for key in articles or ()} or with_article(name) == name:
        return None
    words = name.split()
    place = _head_place(words)
    return " ".join([*words[:place], _plural_word(words[place]), *words[place + 1 :]])


def singular(name: str) -> str | None:
    """The singular of a name that stands in the plural; None for any other."""
    words = name.split()
    if not words or not is_plural(name):
        return None
    place = _head_place(words)
    return " ".join([*words[:place], _singular_word(words[place]), *words[place + 1 :]])


def is_common(name: str) -> bool:
    """Whether a name is a common noun: in small letters, without a determiner, and no listed proper name."""
    first = name.split(maxsplit=1)[0] if name.split() else ""
    return (
        name == name.lower()
        and len(name) > 1
        and first.replace("-", "").replace("'", "").isalpha()
        and first not in DETERMINERS
        and "_".join(name.split()) not in PROPER_NAMES
    )


def is_plural(name: str) -> bool:
    """Whether a common noun stands in the plural."""
    word = _head(name)
    if word in SINGULAR_IN_S:
        return False
    return word in IRREGULAR.values() or (word.endswith("s") and not word.endswith(("ss", "us", "is")))


def _describes(name: str) -> bool:
    """Whether a name is no noun: "clothed", "fully dressed", "wearing a shirt"."""
    first, last = name.split(maxsplit=1)[0], _head(name)
    if first.endswith("ing") and len(name.split()) > 1:
        return True
    return last in ADJECTIVES or (last.endswith("ed") and last not in NOUNS_IN_ED)


def _article(name: str) -> str:
    first = name.split(maxsplit=1)[0]
    vowel = first[0] in "aeiou" and not first.startswith(SOUNDS_LIKE_YOU)
    return "an" if vowel or first.startswith(SILENT_H) else "a"


def _head(name: str) -> str:
    """The noun that the others describe."""
    words = name.split()
    return words[_head_place(words)] if words else ""


def _head_place(words: list[str]) -> int:
    """The place of that noun: the last, or the one before "of", "with", "in", "on"."""
    stops = [place for place, word in enumerate(words) if place and word in ("of", "with", "in", "on")]
    return (min(stops) if stops else len(words)) - 1


def _singular_word(word: str) -> str:
    for one, several in IRREGULAR.items():
        if word == several:
            return one
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def _plural_word(word: str) -> str:
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word in SAME_IN_PLURAL:
        return word
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"
