"""Words for children and adolescents in the most spoken languages that do not use Latin letters, ages, and emoji."""

from __future__ import annotations

import re

from erasepro.concepts.safety.look_alikes import plain_letters

_AT_WORD_START = (
    # Russian, Ukrainian
    "девочк мальчик мальчиш ребенок ребенк ребят детвор дети детей детям детьми детях детиш детск детств детск "
    "дитя подрост школьни "
    "младен малыш девчонк девчуш девушк пацан несовершеннолет юнош юноша тинейдж паренек паренька первокласс "
    "грудничок новорожд дитин діти дітей дітям дівчин дівчат хлопч хлопец підліт немовл малюк школяр "
    # Greek
    "παιδι κοριτσ αγορι μωρο εφηβ βρεφ νηπι ανηλικ "
    # Hindi, Marathi, Bhojpuri
    "बच्च लड़क बालिका शिशु किशोर नाबालिग बचपन छोरा छोरी छोकर मुलग मुलां मुलं मुले मुली अर्भक बाळ लइका लइकी "
    # Bengali, Punjabi, Gujarati
    "শিশু বাচ্চা ছেলে মেয়ে বালক বালিকা কিশোর নাবালক খোকা খুকি ਬੱਚ ਮੁੰਡ ਕੁੜੀ ਬਾਲਕ બાળક છોકર બચ્ચ શિશુ કિશોર દીકર "
    # Tamil, Telugu, Kannada, Malayalam
    "குழந்தை சிறுவ சிறுமி பையன் மழலை பதின்ம மாணவ பிள்ளைக சிறார் శిశు బాలుడ బాలుర బాలిక బాలల అబ్బాయి అమ్మాయి పసిపాప పసివా పసిబి పసిపి బిడ్డ "
    "పిల్లల పిల్లవ చిన్నారి "
    "పిల్లాడ కుర్ర ಮಗು ಮಕ್ಕಳ ಹುಡುಗ ಬಾಲಕ ಶಿಶು കുട്ടി കുഞ്ഞ് ബാലന് ബാലിക "
    # Amharic
    "ልጅ ልጆች ህፃን ሕፃን ህጻን ሕጻን"
)
_ARABIC_LETTERS = (
    "طفل\\w* اطفال\\w* اولاد\\w* ولد ولدا ولدين ولدان بنت بنتان بنتين بنات فتاه فتاة فتيات فتى فتي فتيان صبي صبيه صبية "
    "صبيان صبايا رضيع\\w* "
    "مراهق\\w* قاصر قاصرين غلام غلمان عيال عيل ولاد تلميذ\\w* تلاميذ "
    "بچہ بچے بچی بچوں بچیاں بچیوں بچپن بچه بچگان\\w* بچهها\\w* بچگی لڑک\\w* کودک\\w* دختر\\w* پسر\\w* "
    "نوزاد\\w* نوجوان\\w* خردسال\\w* "
    "نوعمر کمسن نابالغ\\w* شیرخوار\\w* منڈا منڈے کڑی کڑیاں"
)
_HEBREW_LETTERS = "ילד\\w* תינוק\\w* נער נערה נערים נערות נוער פעוט\\w* קטין קטינה קטינים"
_ANYWHERE = (
    "少女 少年 女の子 男の子 子供 子ども こども 幼女 幼児 幼い 赤ちゃん 赤ん坊 赤子 乳児 新生児 児童 小学生 "
    "中学生 高校生 女子高 男子高 女子中学 男子中学 "
    "園児 幼稚園 保育園 未成年 十代の おさなご 女児 男児 孤児 子達 子たち おんなのこ おとこのこ "
    "儿童 兒童 孩 萝莉 蘿莉 婴 嬰 宝宝 寶寶 幼儿 幼兒 幼童 青少年 小學生 中學生 高中生 初中生 小朋友 小姑娘 "
    "姑娘 女娃 男娃 小娃 女生 男生 初中 高中 女童 男童 学童 學童 "
    "童年 细路 細路 細蚊仔 女仔 男仔 少儿 少兒 小学女 小屁孩 童子 "
    "소녀 소년 어린이 아이들 여자아이 남자아이 여자애 남자애 애들이 갓난 신생아 청소년 초등학생 중학생 고등학생 초등생 여고생 "
    "남고생 여중생 남중생 꼬마 미성년 어린애 "
    "꼬맹이 십대 유치원 "
    "เด็ก ทารก เยาวชน วัยรุ่น ลูกน้อย หนูน้อย"
)
_AGE = r"(?<![\d.,])(?:1[0-7]|0?\d)(?!\d)"
_YEARS_OF_AGE = "साल|वर्ष|বছর|বৎসর|سنه|سنة|سنوات|عاما|عام|سال|ساله|برس|வயது|ఏళ్ల|సంవత్సరాల|વર્ષ|ਸਾਲ|ವರ್ಷ|വയസ്സ|ขวบ|ปี|χρον"
_HINDI_NUMBERS = "एक दो तीन चार पाँच पांच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह पन्द्रह सोलह सत्रह"
_INDIC = "\u0900-\u0dff\u1200-\u137f"
_KANA = "ァ-ヶー"


def _stems(words: str) -> str:
    return "|".join(sorted({re.escape(plain_letters(word)) for word in words.split()}))


def _russian_ages() -> str:
    """Digits and number words below eighteen, with the word for years, as an adjective, or behind "she is"."""
    few, more, teens = (
        _stems("два три четыре"),
        _stems("пять шесть семь восемь девять десять"),
        plain_letters("надцать"),
    )
    of_few = _stems("двух трех четырех пяти шести семи восьми девяти десяти")
    teen = rf"(?!{_stems('восем девят')})\w+{teens}"
    return "|".join(
        (
            rf"{_AGE}\s?(?:{_stems('лет летн годик рок')})",
            rf"(?<!\w)(?<!{plain_letters('цать')}\s)(?:{few}|{more}|{teen})\s(?:{_stems('лет года')})",
            rf"(?<!\w)(?:{of_few}|(?!{_stems('восем девят')})\w+{plain_letters('надцати')}){plain_letters('летн')}",
            rf"(?<!\w)(?:{_stems('ей ему мне им')})\s(?:{few}|{more}|{teen})(?!\w)",
        )
    )


_ARABIC = "|".join(plain_letters(word) for word in _ARABIC_LETTERS.split())
_PATTERN = re.compile(
    "|".join(
        (
            rf"(?<![\w{_INDIC}])(?:{_stems(_AT_WORD_START)})",
            rf"(?<![\w{_INDIC}])(?:बालक(?!नी)|పిల్ల(?!ి)|పాప(?![{_INDIC}])|మగపిల్ల)",
            rf"(?<!\w)[وفبلكک]?(?:ال)?(?:ل{{1,2}})?(?:{_ARABIC})(?!\w)",
            rf"(?<!\w)[והבלכמש]{{0,2}}(?:{'|'.join(_HEBREW_LETTERS.split())})(?!\w)",
            _stems(_ANYWHERE),
            rf"(?<![{_KANA}])(?:ロリ(?!ポップ|ス)|ショタ|ティーン|キッズ|ベビー|ベイビー|ボーイ(?!ング|フレンド)|ガール(?!フレンド))",
            "아기(?!자기)|애기(?!하)|아이(?=[가는를와의도에랑야처]|$)|(?<!\\w)유아(?!이|독)|正太(?!平|阳|陽)",
            "[👶🧒👦👧👼🍼🚼👪🤱🚸]",
            # ages: digits or numerals below eighteen with the word for years of life
            rf"{_AGE}\s?(?:歳|才(?![能華华])|岁|歲|周岁|살(?!인)|세(?!기|트|대|계)|{_YEARS_OF_AGE})",
            _russian_ages(),
            "(?<!스물)(?<!서른)(?<!마흔)(?<!쉰)(?<!예순)(?<!스물\\s)"
            "(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|열(?:한|두|세|네|다섯|여섯|일곱)?)\\s?살",
            rf"(?<![\w{_INDIC}])(?:{_stems(_HINDI_NUMBERS)})\s(?:साल|वर्ष)(?=\s(?:का|की|के))",
            r"(?:ثلاث|اربع|خمس|ست|سبع|ثماني|تسع|عشر)\sسنوات",
            "(?<![一二三四五六七八九十百])(?:十[一二三四五六七]?|[一二两兩三四五六七八九])(?:歳|才(?![能華华])|岁|歲|周岁)",
        )
    )
)


def is_minor_in_other_script(letters: str) -> bool:
    """Whether a text, as `plain_letters` gives it, holds such a word, such an age or an emoji of a child.

    Scripts that part their words are searched from a word's beginning, with any ending; the others anywhere.
    """
    return _PATTERN.search(letters) is not None
