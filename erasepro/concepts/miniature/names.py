"""What the miniature can draw: concepts, synonyms, drawing styles, backgrounds, and the phrasings it was trained on.

One table each; everything else (pictures, captions, judges, concept sets) is derived from them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Drawable:
    """A concept of the miniature: its name in captions, the picture's name in the emoji sets, its group, its synonym."""

    name: str
    icon: str
    group: str
    synonym: str | None = None


def _table(group: str, text: str) -> list[Drawable]:
    """Rows "name=icon~synonym"; the icon defaults to the name, the synonym to none; "_" stands for a space in a name."""
    rows = []
    for item in text.split():
        name_icon, _, synonym = item.partition("~")
        name, _, icon = name_icon.partition("=")
        rows.append(Drawable(name.replace("_", " "), icon or name, group, synonym.replace("_", " ") or None))
    return rows


DRAWABLES: tuple[Drawable, ...] = tuple(
    _table(
        "animal",
        """dog=dog-face~puppy cat=cat-face~kitten fox lion=lion~lioness tiger=tiger-face bear panda koala
        pig=pig-face~piglet cow=cow-face~calf horse=horse-face~pony rabbit=rabbit-face~bunny monkey=monkey-face frog~toad
        owl penguin duck~mallard rooster~cockerel elephant whale=spouting-whale shark octopus~squid crab turtle~tortoise
        butterfly bee=honeybee~bumblebee ladybug=lady-beetle~beetle snail~slug unicorn=unicorn""",
    )
    + _table(
        "food",
        """apple=red-apple pear banana grapes strawberry~berry lemon pineapple watermelon~melon cherries~cherry peach
        carrot eggplant~aubergine broccoli mushroom~toadstool hamburger~burger pizza doughnut~donut
        cake=birthday-cake cheese=cheese-wedge~cheddar cookie~biscuit avocado croissant""",
    )
    + _table(
        "vehicle",
        """car=automobile~sedan bus~coach bicycle~bike airplane~plane helicopter~chopper rocket~spaceship
        sailboat~yacht tractor fire_engine=fire-engine~fire_truck ambulance""",
    )
    + _table(
        "object",
        """guitar trumpet~bugle camera television~tv umbrella~parasol crown~tiara balloon teddy_bear=teddy-bear~stuffed_bear
        clock=alarm-clock~alarm_clock rose sunflower cactus palm_tree=palm-tree~coconut_tree house~cottage
        castle~fortress basketball trophy robot~android snowman pumpkin=jack-o-lantern""",
    )
    + _table(
        "person",
        """singer=woman-singer~vocalist genie=woman-genie office_worker=woman-office-worker~clerk judge=woman-judge
        doctor=woman-health-worker~physician farmer=woman-farmer~grower graduate=woman-student~scholar elf=woman-elf
        pilot=woman-pilot~aviator""",
    )
)
NAMES: tuple[str, ...] = tuple(d.name for d in DRAWABLES)
GROUPS: dict[str, tuple[str, ...]] = {
    g: tuple(d.name for d in DRAWABLES if d.group == g) for g in dict.fromkeys(d.group for d in DRAWABLES)
}
SYNONYMS: dict[str, str] = {d.synonym: d.name for d in DRAWABLES if d.synonym}
"""Synonym -> the concept it names."""

STYLES: dict[str, str] = {
    "noto": "noto",
    "twemoji": "twemoji",
    "fluent": "fluent-emoji",
    "ink": "fluent-emoji-high-contrast",
}
"""Style's name in captions -> the picture set it is drawn from."""

BACKGROUNDS: dict[str, tuple[int, int, int]] = {
    "cream": (250, 240, 215),
    "pink": (250, 200, 210),
    "mint": (195, 240, 215),
    "blue": (190, 220, 250),
    "violet": (220, 205, 250),
    "orange": (255, 215, 170),
    "gray": (205, 208, 212),
    "green": (200, 225, 150),
}
"""Background's name in captions -> its sRGB colour; light, so that black ink stays visible."""


def article(name: str) -> str:
    """The name with its indefinite article ("a dog", "an apple"; plurals stand alone)."""
    if name in ("grapes", "cherries", "broccoli"):
        return name
    return f"{'an' if name[0] in 'aeiou' and not name.startswith('uni') else 'a'} {name}"
