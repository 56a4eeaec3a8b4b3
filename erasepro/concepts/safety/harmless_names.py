"""Names of adults, bands, things and idioms that hold a word of the filter of minors, and show none.

A reviewed, short list: an entry is added only where a picture of it shows nobody under 18. Not added are titles and characters
that show a minor ("The Little Prince", "Las Meninas"), and phrases that also have their plain sense ("baby blue", "a minor").
"""

from __future__ import annotations

import re

_PEOPLE = r"""
    childress(?:es)? | childers | childeric | childwall | (?:julia|lee|lincoln|desmond|lydia\smaria|maria|josiah) \s child
    | (?:toni|lucinda) \s childs | childish \s gambino | billy \s childish
    | childe \s (?:hassam|harold|roland|byron) | kid \s (?:rock|cudi|creole) | billy \s the \s kid
    | (?:the\s)? sundance \s kid | boy \s george | (?:kenneth\s)?babyface \s edmonds | nino \s (?:rota|ferrer|manfredi)
    | chico ,? \s (?:marx|buarque|mendes|hamilton|debarge|freeman|california|state) | madchen \s amick
    | shota \s (?:rustaveli|imanaga)
"""
_BANDS = r"""
    beastie \s boys | beach \s boys | backstreet \s boys | pet \s shop \s boys | fall \s out \s boy
    | boyz \s (?:ii|2|to) \s men
    | guerr?illa \s girls | spice \s girls | indigo \s girls | girls \s aloud | destiny'?s \s child | sonic \s youth
    | teenage \s (?:fanclub|engineering) | shonen \s knife | soulja \s boy
"""
_TITLES_AND_PRODUCTS = r"""
    golden \s girls | jersey \s boys | bad \s boys \s for \s life | 2 \s broke \s girls | gibson \s girls?
    | bond \s girls?
    | kids \s see \s ghosts | orphan \s black | shonen \s jump | game \s? boy(?:\s(?:advance|color|pocket))?
    | sour \s patch \s kids | beanie \s babies
    | baby \s ruth | kinder \s (?:surprise|eggs?|bueno|joy|chocolate|than|gentler|and\sgentler) | comme \s des \s garcons
    | (?:motor|road|colou?r|film) \s graders? | newsboy \s (?:cap|hat)s? | curse \s of \s the \s bambino
"""
_THINGS_AND_IDIOMS = r"""
    child'?s \s play | childless(?:ness)? | child \s? (?:free|proof(?:ed|ing)?)
    | enfants? \s terribles? | l'enfant \s plaza | kid \s (?:gloves?|leather|skin)
    | baby'?s \s breath | baby \s (?:carrots?|corn|spinach|potato(?:es)? | back\sribs | bok\schoy
    | grand(?:\spianos?)? | boomers?)
    | el \s nino \s (?:event|phenomenon|year|weather|winter|effect) | sea \s urchins?
    | urchin \s (?:shell|sushi|roe|spine)s?
    | tater \s tots? | fountain \s of \s youth | (?:ursa|canis|leo|asia) \s minor
    | [b-g](?:\s?(?:sharp|flat|\#))? \s minor
    | minor \s (?:leagues?|arcana|planets?|keys?|scales?|chords?|scratch(?:es)?|thirds?|sixths?|sevenths?)
    | [0-9]+ \s years? \s old \s (?:single\smalts? | scotch | whiske?ys? | bourbon | rum | wine | cognac | cheddar
    | cheese)
    | lassie \s come \s home | junge[nrs]? \s (?:frau(?:en)?|mann|manner|damen?)
"""
HARMLESS = re.compile(
    rf"\b(?:{_PEOPLE}|{_BANDS}|{_TITLES_AND_PRODUCTS}|{_THINGS_AND_IDIOMS})(?:'?s)?(?!\w)",
    re.VERBOSE,
)
"""Finds them in a text in small letters without accents, its hyphens as spaces."""
