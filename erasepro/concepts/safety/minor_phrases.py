"""Phrases and school years that point to a child or an adolescent."""

from __future__ import annotations

import re

from erasepro.concepts.safety.minor_ages import AGE, END, WHOLE_AGE

_SCHOOL = rf"""
    (?:elementary|primary|grade|grammar|middle|junior|high|nursery|secondary|prep|infants?|sunday
        |boarding) \s (?:school|high)\w*
    | \d\d?\s?(?:st|nd|rd|th) \s grade(?:rs?)?
    | (?:grade|standard|class|key\sstage|year|yr|primary|reception|form) \s {AGE} (?:\s?[a-f])?
        \s (?:student|pupil|class|learner|kid|school|portrait|photo|picture|science|maths?|teacher|field\strip)s?
    | (?:school)?year \s (?:[1-9]|1[0-3])
        (?!\s?(?:bc|ad|ce|bce|of|plan|old|olds|in|warranty|anniversary|k|mm|px|\d)\b|[.,]?\d|['-]) \b
    | (?:in|the|a|an|from) \s grade \s (?:[1-9]|1[0-2]) (?!\s(?:bolt|steel|titanium|listed|iron|alumin)) \b
    | grade \s (?:[1-9]|1[0-2]) {END}
    | (?:in|of|from) \s class \s (?:[1-9]|1[0-2]) {END}
    | \d\d? \s? (?:st|nd|rd|th) \s year \s (?:of|in|at) \s (?:\w+\s)? school
    | (?:reception|nursery|infants?) \s (?:class(?:es)?|pupils?|teachers?)
    | key \s stage \s \w+ | k \s? 12 | p[1-7] \s (?:pupil|class)s? | primary \s [1-7] {END}
    | 6 \s? th \s form(?:s|ers?)? | (?:lower|upper) \s [456] \s? th
    | in \s (?:the\s)? [3-6] \s? (?:rd|th) \s form | [1-6] \s? (?:st|nd|rd|th) \s (?:form(?:er|ers|\s(?:pupil|student
        |class)s?) | class(?:er|\spupil)s?)
    | (?:high|middle|grade|primary) \s school\w* | school \s? (?:student|pupil|uniform|photo|portrait|play)s?
    | (?:class|group|row|crowd)\s(?:full\s)?of\s(?:\w+\s)?pupils
    | pupils \s (?:in|at|of|from) \s (?:a|the|their|class|school)
    | (?:young|little|small|primary|eager|naughty|new) \s pupils? | (?:gcse|11\splus) (?:\s\w+)?
    | (?<!dog\s)(?<!doggy\s)(?<!pet\s) (?:day\s?care|creche) | home \s schooled
"""
_PHRASES = rf"""
    pre\s?(?:t(?:w)?een(?:s|ager|agers)?|adolescen(?:t|ts|ce)|pubescents?|pubert\w*|school(?:er|ers)?|k)
    | under\s?aged? | school\s?aged? | jail\s?baits?
    | (?:under|below) \s? 18 | under \s age | (?:<|u|sub) \s? 18s?
    | (?:under|below|younger\sthan) \s (?:the\s)? (?:age\s(?:of\s)?)? 18 | younger \s than \s {WHOLE_AGE}
    | (?:under|below|before|by) \s (?:the\s)? age \s (?:of\s)? {WHOLE_AGE}
    | under \s {WHOLE_AGE} {END} | under \s (?:(?:\d|1[0-8])\s?s | fives | sixes | sevens | eights | nines | tens
    | elevens | twelves | \w+teens)
    | (?:less|fewer) \s than \s 18 \s (?:years?|yrs?|y)
    | (?:no|not|never) \s (?:older|more) \s than \s (?:the\s)?(?:age\s)?(?:of\s)? {WHOLE_AGE} \s? (?:y\w*|{END})
    | (?:under|below|before) \s (?:the \s)? (?:legal|drinking|voting) \s age
    | (?:under|below) \s (?:the \s)? age \s of \s (?:consent|majority)
    | not \s (?:yet \s)? (?:old \s enough \s to \s (?:drive|drink|vote|marry|consent) | of \s age | an? \s adult)
    | (?:short\sof|shy\sof|away\sfrom|yet\sto\s(?:turn|be)|n[o']?t\s(?:yet\s|even\s|quite\s)*(?:turned|reached)?
        |before\s(?:turning|reaching|(?:her|his|their)))
        \s (?:being\s|turning\s|becoming\s|her\s|his\s|their\s|the\sage\sof\s)* 18 (?:th)?
    | (?:nearly|almost|not\squite|barely|about\sto\s(?:be|turn)) \s 18 {END} | barely \s legal
    | not \s (?:yet \s)? 18 | very \s young | (?:so|too|quite|really|extremely) \s young
    | young \s (?:boy|girl|one|1|person|people|lady|ladies|kid|daughter|son|sister|brother|student|pupil|prince
        |princess|folk|scout
        |fellow|nephew|niece|cousin|sibling|ward|schol[ae]r)s?
    | (?:little|baby|kid) \s (?:one|1|brother|sister|bro|sis|prince|princess|daughter|son|nephew|niece|angel|lady
        |ladies|man|fellow|guy)s?
    | tender \s (?:age|years) | sweet \s 16(?!\scandles) | b(?:ar|at) \s? mitzvah\w* | 1 \s? (?:st|th) \s communion
    | (?:spoiled|spoilt|little|bratty) \s brats? | ankle \s? biters? | cub \s scouts? | (?:newly|freshly|just) \s born
    | tiny \s tots? | young \s? '? uns? | u \s? (?:[6-9]|1[0-9])s? \s (?:team|squad|football|soccer|player|match|league)s?
     | babe \s in \s arms | page \s (?:boy|girl)s? | mother \s (?:nursing|breast\s?feeding)
    | in \s (?:her|his|their) \s childhood
"""
_OTHER_LANGUAGES = r"""
    (?:ein|das|dies|jed|kein|mein|dein|sein|ihr|unser|klein|jung|spielend|lachend|schlafend|weinend|neugeboren|brav
        |arm|lieb)
        (?:e|em|en|er|es|s)? \s kinde?
    | (?:ein|der|dem|den|kleiner?|lieber) \s bub
    | (?:een|het|dit|dat|elk|klein|kleine|jong|jonge|mijn|hun|spelend|lachend) \s kind
    | (?:un|il|del|al|dal|bel|piccolo|quel|questo) \s bimbo | menor(?:es)? \s de \s (?:edad|idade)
    | jeunes? \s (?:fille|gens|garcon)s?
    | (?:de|da|di) \s menor(?:es)? | (?:un|una|los|las|el|la|os|um|uma) \s menor(?:es)?\b(?!\s\w)
    | (?:tre|be|dua|em|con) \s (?:em|con|be|tre|gai|trai|nit|nho) | (?:cau|co|chu) \s be
    | (?:thieu|thanh\sthieu) \s (?:nien|nu|nhi)
    | vi \s thanh \s nien | hoc \s sinh | tre \s (?:so\s)?sinh | genc \s kiz\w* | erkek \s cocuk
    | (?:ang|mga|isang|na|ng) \s bata
    | mtoto \s \w+ | mladi \s ljudi
"""
PHRASES = re.compile(rf"\b(?:{_SCHOOL}|{_PHRASES}|{_OTHER_LANGUAGES})(?!\w)", re.VERBOSE)
"""English, and what needs two words in other languages. Vietnamese stands here without its accents."""
