"""Names of adults, bands, things and idioms that hold a word of the filter of minors, and show none.

A reviewed, short list: an entry is added only where a picture of it shows nobody under 18. Not added are titles and characters
that show a minor ("The Little Prince", "Las Meninas"), and phrases that also have their plain sense ("baby blue", "a minor",
"kids see ghosts"). What stands beside a name counts as ever.
"""

from __future__ import annotations

import re

_NAMES = r"""
    childers | childeric | childe \s (?:hassam|harold|roland|byron)
    | (?:julia|lee|lincoln|desmond|lydia\smaria) \s child | (?:toni|lucinda) \s childs
    | childish \s gambino | billy \s childish | kid \s (?:rock|cudi|creole) | billy \s the \s kid | sundance \s kid
    | (?<!\bthe\s) boy \s george | babyface \s edmonds | nino \s (?:rota|ferrer|manfredi) | madchen \s amick
    | chico ,? \s (?:marx|buarque|mendes|hamilton|debarge|freeman|california) | shota \s (?:rustaveli|imanaga)
    | beastie \s boys | beach \s boys | backstreet \s boys | pet \s shop \s boys | fall \s out \s boy | soulja \s boy
    | boyz \s (?:ii|2|to) \s men | guerr?illa \s girls | spice \s girls | indigo \s girls | girls \s aloud
    | destiny'?s \s child | sonic \s youth | teenage \s fanclub | shonen \s knife
    | golden \s girls | jersey \s boys | bad \s boys \s for \s life | shonen \s jump | lassie \s come \s home
"""
_NOT_AFTER = "".join(
    rf"(?<!\b{word}\s)"
    for word in (
        "a", "an", r"\d", r"\d\d",
        "two", "three", "four", "five", "six", "some", "these", "many", "little", "young", "small", "tiny",
        "old", "cute", "happy", "school",
    )
)  # fmt: skip
"""Behind these a name has its plain sense: "three beach boys"."""
_THINGS = r"""
    childress(?:es)? | childwall | bond \s girls? | gibson \s girls? | game \s? boy (?:\s(?:advance|color|pocket))?
    | sour \s patch \s kids | beanie \s babies | baby \s ruth
    | kinder \s (?:surprise|eggs?|bueno|joy|chocolate|than|and\sgentler)
    | (?:^|(?<=\bby\s)|(?<=\bin\s)|(?<=\bwearing\s)|(?<=,\s)) comme \s des \s garcons
    | teenage \s engineering \s (?:op\s?1|synth\w*|pocket) | (?:motor|road|colou?r|film) \s graders? | newsboy \s (?:cap|hat)s?
    | curse \s of \s the \s bambino
    | (?:is|was|are|were|be|mere) \s child'?s \s play (?!\s\w) | childless(?:ness)? | childfree
    | child \s? proof(?:ed|ing)? \s (?:caps?|locks?|lids?|bottles?)
    | enfants? \s terribles? | l'enfant \s plaza | kid \s (?:gloves?|leather)
    | baby'?s \s breath \s (?:flowers?|bouquets?|blooms?|plants?|wreaths?)
    | baby \s (?:carrots?|corn|spinach|potatoes|back\sribs|bok\schoy|grand\spianos?|boomers?)
    | el \s nino \s (?:event|phenomenon|year|weather|winter|effect) | sea \s urchins? | urchin \s (?:shell|sushi|roe|spine)s?
    | tater \s tots? | fountain \s of \s youth | (?:ursa|canis|asia) \s minor | [b-g] (?:\s?(?:sharp|flat|\#))? \s minor
    | minor \s (?:leagues?|arcana|planets?|key|scale|chord)
    | \d+ \s years? \s old \s (?:single\smalts?|scotch|whiske?ys?|bourbon|cognac|cheddar)
    | junge[nrs]? \s (?:frau(?:en)?|mann|manner)
"""
HARMLESS = re.compile(rf"\b(?:{_NOT_AFTER}(?:{_NAMES})|{_THINGS})(?:'?s)?(?!\w)", re.VERBOSE)
"""Finds them in a text in small letters without accents, its hyphens as spaces."""
