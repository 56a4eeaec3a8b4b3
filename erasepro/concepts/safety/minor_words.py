"""Words that point to a child or an adolescent, in English and in other languages that use Latin letters."""

from __future__ import annotations

import re
from functools import lru_cache

_ENGLISH = r"""
    (?:grand|step|god|foster|school|street|love|flower)?(?:child\w*|kid(?:s|z|do|dos|die|dies|dy|let|lets)?)
    | (?:school|little|young|baby|altar|bell|flower|choir|paper|news|ball|stable|farm|shepherd|shep|cabin|cat|fox
        |wolf|bunny
        |anime|manga|fem|tom|errand|servant|street|slave|beggar|mill|ring|peasant)?(?:boy|boi|girl|gurl)[sz]?
    | grrl[sz]? | boyish(?:ly)? | girlish(?:ly)? | girly | girlies? | (?:boy|girl)hoods?
    | t(?:w)?een(?:s|z|y|age|aged|ager|agers|ie|ies)? | teenybopper\w* | pret(?:w)?een(?:s|ager|agers)?
    | toddl(?:er|ers|ing)
    | tots? | infants? | infancy | newborns? | neonat(?:e|es|al) | bab(?:y|ies|yish|by|bies|yhood|ie)
    | babyface[ds]? | minors?
    | underaged? | young(?:ster|ling)s? | youths? | (?:pre)?adolescen(?:t|ts|ce) | juveniles?
    | (?:pre)?pubescen(?:t|ts|ce)
    | (?:pre)?pubert\w* | preschool(?:er|ers)? | prek | kindergart\w* | kindy | graders? | schoolers? | schoolaged?
    | lads?
    | lass(?:es|ie|ies)? | laddies? | bairns? | orphans? | tykes? | rugrats? | moppets? | cherub(?:s|im)? | putt[oi]
    | foundlings? | nurslings? | striplings? | sprogs? | waifs? | whippersnappers? | urchins? | p(?:a)?ediatric\w*
    | schoolmates?
    | quinceaner[ao]s? | schoolpupils? | homeschooled
    | loli(?:s|ta|tas|con|cons)? | shota(?:s|con|cons)? | jailbaits? | nymphets? | paedo\w* | pedo(?:s|phil\w*)? | cp
    | chlid(?:ren)? | chidren | chldr?en | gilrs?
"""
_SPANISH_PORTUGUESE = r"""
    nin(?:o|a|os|as|it[oa]s?|ez) | much?ach(?:[oa]s?|it[oa]s?) | chic[oa]s? | chiquill[oa]s? | chiquit[oa]s?
    | chaval(?:a|es|as)?
    | nena | nen[ea]s | bebes? | bebit[oa]s? | adolescentes? | adolescencia | escolares | colegial(?:a|es|as)?
    | mocos[oa]s? | cri[oa]s?
    | menin(?:[oa]s?|inh[oa]s?) | criancas? | criancinhas? | garot(?:[oa]s?|inh[oa]s?|ad[oa]s?)
    | rapaz(?:es|inhos?)? | moleques?
    | miud[oa]s? | infancia | infant(?:il|is|iles)
"""
_FRENCH = r"""
    enfants? | enfance | enfantin[es]* | fill(?:e|es|ette|ettes) | garcon(?:s|net|nets)? | gamin(?:e|s|es)?
    | gosses? | ados
    | adolescente?s? | bambins? | nourrissons? | mineure?s? | ecolier(?:s|e|es)? | collegien(?:s|ne|nes)?
    | lyceen(?:s|ne|nes)?
    | mioches? | jeunots?
"""
_GERMAN_DUTCH = r"""
    madchen\w* | maedchen\w* | madels? | maedels? | kinder[ns]? | kindern | kindes | kind(?:chen|heit|lich\w*)
    | (?:klein|schul|grund|enkel|vor)?kinder\w*
    | (?:klein|schul|waisen|wunder|einzel|enkel|wickel|strassen)kind(?:e|er|ern|es|s)? | knaben? | bub(?:en|chen)
    | junge[ns]? | jungs | jugendlich\w* | jugend | sauglinge?n?s? | saeuglinge?n?s? | schuler(?:in|innen|n)
    | minderjahrig\w*
    | halbwuchsige\w* | teenies? | babys
    | meisjes? | jongen(?:s|tje|tjes)? | kinderen | kindje[s]? | tieners? | peuters? | kleuters? | minderjarig\w*
"""
_ITALIAN_POLISH = r"""
    bambin[oaie] | bimb[aei] | bimbetti? | ragazz(?:[oaie]|in[oaie]|ett[oaie]) | fanciull[oaie] | neonat[oaie]
    | adolescent[ei]
    | minorenn[ei] | infanzia | piccin[oaie]
    | dziec(?:k\w*|i|iom|iach|mi|inny\w*|iat\w*) | chlop(?:iec|c\w*|ak\w*|cz\w*) | dziewcz\w* | nastolat\w*
    | niemowl\w* | niepelnoletni\w*
"""
_FURTHER = r"""
    cocu[kg]\w* | kiz(?:lar\w*|i|in|im|imiz|a|cik|cagiz)? | oglan\w* | liseli\w* | bebeg\w*
    | bebek(?:ler\w*|ten|te|in|i)? | ergen(?:ler\w*|lik)?
    | anak(?:nya|ku|mu)? | kanak | bocah | bayi | remaja | gadis | siswi | siswa | pelajar | murid | balita | budak
    | sanggol | dalagita | binatilyo | batang | kabataan | paslit | dalaga | binata
    | mtoto | watoto | msichana | wasichana | mvulana | wavulana | kijana | vijana | kitoto | vitoto
    | yaro | yarinya | yarinyar | jarir(?:i|a|ai) | pikins? | pickins?
    | baccha | bachch[aeio] | bachchon | ladk[aie] | ladki[yo]\w* | larki | larka | kishori | shishu | balak | balika
    | mulga | mulgi | mulagi | mulaga | chhokr[aoi] | chhori | kuzhandai | siruvan | sirumi | paiyan | pilla | pillalu
    | ammayi | abbayi
    | shou?jo | shou?nen | kodomo | akachan | onnanoko | otokonoko | haizi | nuhai | nanhai | ertong
    | sonyeo | sonyeon | eorini | devochk\w* | malchik\w* | rebyonok | rebenok | podrost\w* | devushk\w*
    | walad | awlad | bint | banat | tifl[ae]? | atfal | kudak\w* | dokhtar\w* | pesarbac\w*
"""
"""Turkish; Indonesian, Malay and Javanese; Tagalog; Swahili; Hausa and Pidgin; other scripts spelt in Latin letters."""

_WORD = re.compile(
    "|".join((_ENGLISH, _SPANISH_PORTUGUESE, _FRENCH, _GERMAN_DUTCH, _ITALIAN_POLISH, _FURTHER)), re.VERBOSE
)


@lru_cache(maxsize=1 << 16)
def is_minor_word(word: str) -> bool:
    """Whether a single word, in small letters without accents, names a child or an adolescent."""
    return _WORD.fullmatch(word) is not None
