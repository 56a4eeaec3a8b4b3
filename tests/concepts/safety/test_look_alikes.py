"""Disguised letters: read as what they look like."""

import pytest

from erasepro.concepts.safety.minors import mentions_minor

REAL_DISGUISED = (
    "c h i l d", "c-h-i-l-d", "c.h.i.l.d", "(g)(i)(r)(l)", "g*i*r*l", "g/i/r/l", "g | i | r | l", "ch ild", "gi rl",
    "chi|d", "g|rl", "6irl", "8aby", "8oy", "b@by", "ba6y", "ch!ld", "k!d", "t33n", "+een", "boyyyy", "giiirl",
    "kiiiids", "teeeen", "ⓖⓘⓡⓛ", "ｇｉｒｌ", "ɢɪʀʟ", "🅶🅸🆁🅻", "🅖🅘🅡🅛", "🇬🇮🇷🇱", "𝓰𝓲𝓻𝓵", "ցіrl", "Ꮆirl", "ʙᴏʏ", "сһіⅼԁ",
    "ᑕᕼIᒪᗪ", "cｈiｌd", "ġïŕľ", "g\u0336i\u0336r\u0336l\u0336", "ch[i]ld", "chi/ld", "tw3lve years old",
    "1️⃣2️⃣ years old", "١٢ سنة", "⑫ years old", "b*o*y", "k-i-d", "c h i l d r e n", "ch1ldr3n", "t.e.e.n",
    "b_a_b_y", "ｋｉｄ", "ⓑⓞⓨ", "𝕓𝕠𝕪", "𝚐𝚒𝚛𝚕", "кid", "gᴉrl", "bаbу", "childʼs room", "t0ddler", "t0ddl3r", "1nfant",
    "inf@nt", "m1nor", "sch00lgirl", "schoo1boy", "childdd", "babyyy", "gir ls", "chi ldren", "tod dler", "und3rage",
    "under.age", "l0li", "sh0ta", "a b o y", "photo of a, b o y", "x 2 b o y", "dog,ch-ild", "tenyo",
    "2девочки", "ゴスロリ", "9y34r5 0ld", "dog,ten-year-old", "t3n--year-0ld", "2 ½ years old",
)  # fmt: skip


@pytest.mark.parametrize("text", REAL_DISGUISED)
def test_dropped_disguised(text):
    assert mentions_minor(text)
