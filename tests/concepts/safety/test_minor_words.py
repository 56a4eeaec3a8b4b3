"""Words in Latin letters that point to a minor, and words that only look alike."""

import pytest

from erasepro.concepts.safety.minors import mentions_minor

REAL_ENGLISH = (
    "tomboy", "choirboy", "a paperboy", "schoolkids", "a rugrat", "bairns", "cherubs", "quinceañera",
    "pediatric ward", "whippersnapper", "street urchin", "kiddo", "boi", "gurl", "teenybopper", "childern playing",
    "a ten year old boy on a bicycle", "two schoolchildren waiting for the bus", "toddler asleep on a sofa",
    "a family with two kids at the beach", "a mother holding her newborn", "grandmother baking with grandchildren",
    "teenagers playing football", "a classroom of children", "newborns in a ward", "infants",
    "a child's drawing of a house", "boys' choir", "girls' football team", "the kids are at the playground",
    "a youth orchestra", "tots and toddlers", "teen drama",
    "toddler", "toddlers", "tot", "baby boy", "baby girl", "a babe in arms", "bairn", "lad", "lass", "wee lad",
    "youngster", "young'un", "young uns", "juvenile", "minor", "underaged", "teen", "teens", "teenaged", "adolescent",
    "preteen", "tween", "pubescent",
)  # fmt: skip
REAL_OTHER_LANGUAGES = (
    "niños jugando", "una niña", "el niño juega", "una chica", "un bebé", "adolescente", "menor de edad", "doce años",
    "tiene 8 años", "12 años de edad", "un garçon", "une fille", "petites filles", "un bébé", "douze ans",
    "une adolescente", "elle a 11 ans", "des enfants", "ein Kind", "kleine Kinder", "ein Junge", "zwei Jungen",
    "das Mädchen", "zwölf Jahre alt", "zwölfjährige Schülerin", "Jugendliche", "ein Kleinkind", "Säugling", "menino",
    "meninas", "uma criança", "garotinha", "um bebê", "doze anos", "12 anos", "bambini", "una ragazza", "ragazzino",
    "dodici anni", "neonato", "anak-anak", "seorang gadis", "bayi", "remaja", "umur 12 tahun", "çocuk",
    "çocuklar parkta", "kız", "erkek çocuğu", "bebek", "12 yaşında", "trẻ em", "em bé", "cô bé", "cậu bé", "bé gái",
    "thiếu niên", "12 tuổi", "mga bata", "batang lalaki", "sanggol", "dalagita", "mtoto", "watoto", "msichana",
    "mvulana", "yaro", "yarinya", "pikin", "dziecko", "dzieci", "chłopiec", "dziewczynka", "meisje", "jongen",
    "kinderen", "het kind", "un niño de ocho años", "dos chicos en bicicleta", "la muchacha",
    "adolescentes en el parque", "une petite fille avec un chien", "des garçons jouent au ballon",
    "un enfant de six ans", "le bébé dort", "ein sechsjähriges Kind", "das Kind spielt", "die Kinder im Garten",
    "drei Mädchen", "ein neunjähriger Junge", "o menino e a bola", "crianças na praia",
    "uma adolescente de quinze anos", "school children in uniform", "küçük bir çocuk", "on iki yaşında", "genç kız",
    "seorang anak laki-laki", "anak perempuan", "dua gadis kecil", "một cậu bé", "hai đứa trẻ", "isang batang babae",
    "mtoto mdogo", "mwana wa miaka 6", "una bambina di sei anni", "due ragazzi", "mała dziewczynka",
    "een klein meisje",
    "une fillette de 7 ans", "une ado de 15 ans", "un gamin", "una adolescente de 14 años", "un chaval", "chavales",
    "muchachos", "un crío", "una cría de 6 años", "las niñas", "nenes", "um rapaz de 15 anos", "uma menina de 8 anos",
    "garotos", "miúdos", "ein Bub", "ein Schulkind", "ein zehnjähriges Mädchen", "10-jähriger",
    "ein Kleinkind schläft", "Teenager im Park", "due bambine", "un ragazzo di 12 anni", "una bimba", "trẻ nhỏ",
    "bé trai 5 tuổi", "đứa bé", "một bé gái", "học sinh tiểu học", "anak kecil", "anak SD", "bocah 7 tahun",
    "pelajar SMP", "siswi SMA", "bayi lucu", "çocuğu", "kız çocuğu", "ergen", "liseli", "bebeğim", "genç kızlar",
    "watoto wadogo", "jarirai", "pikin dem", "mga batang", "batang babae", "maliit na bata", "bocah cilik",
)  # fmt: skip
HARMLESS_WORDS = (
    "an adult woman", "a grown man", "young man", "young woman", "an elderly couple", "kidney beans",
    "kidnap thriller", "Babylon", "baboon", "babylonian", "minority report", "miner", "minotaur", "canteen",
    "nineteen", "velveteen", "infantry", "cowboy", "playboy", "boyfriend", "girlfriend", "ex-girlfriend", "homeboy",
    "boycott", "buoy", "tote bag", "totem", "lady", "ladder", "ladle", "glass", "brass", "molasses", "atlas",
    "youthful", "Youtube", "teeth", "steen", "tweed", "between", "kitten", "puppy", "chick", "calf", "lamb", "foal",
    "cub", "kindle", "kindness", "a kind old man", "all kinds of flowers", "Jugendstil poster", "jungle", "Carl Jung",
    "garlic", "grilled cheese", "Virgil", "grid", "skid", "kite", "kit", "Madrid", "orchid", "Rothschild",
    "Fairchild", "Blanchett", "bobby pin", "Bobby Fischer", "boyle", "Lord Byron", "Toyboy", "adolf", "graduate",
    "public library", "senior engineer", "under the bridge", "below zero", "cat/dog", "and/or", "s/he", "w/ hat",
    "b&w", "a.i. art", "e.g. a car", "U.S.A. flag", "j.r.r. tolkien", "AC/DC", "T.Rex", "J. K. Rowling",
    "George R. R. Martin", "x y z axes", "a b c d e f g", "abc letters", "grumpy cat", "a robot", "R&B singer",
    "boom box", "cookie", "zombie", "hobby", "ruby", "rugby", "lobby", "baobab", "adults only",
    "a minor chord on the piano in E minor", "babyloniaca", "bobsled", "a kite festival", "a girdle", "girth",
    "boyar", "boysenberry", "buoyant", "lasso", "ladybird", "totally", "total", "teenth", "youthful skin",
    "infantryman", "juvenilia", "toddy", "Los Angeles", "stay kind", "kind regards", "bata shoes", "anakin skywalker",
    "Bali", "budapest", "chicory", "chicago", "chicken", "Ninotchka", "ninja", "enchilada", "criminal", "menu",
    "minestrone", "garnet", "fillet of fish", "filler", "filly", "Jungfrau", "kinetic", "adobe", "adonis", "ragu",
    "bambi", "bamboo", "bimbo",
)  # fmt: skip
HARMLESS_OTHER_LANGUAGES = (
    "Café Müller", "Ñandú", "señora", "senor", "hombre", "mujer", "femme", "homme", "une femme de 30 ans",
    "un hombre de 45 años", "eine Frau", "ein Mann", "dreißig Jahre alt", "30 Jahre alt", "uma mulher", "donna",
    "uomo", "de la mer", "a las cinco", "dix ans plus tard", "l'an deux mille", "Jahre der Stille",
    "100 Jahre Bauhaus", "cien años de soledad", "quarant'anni",
)  # fmt: skip


@pytest.mark.parametrize("text", REAL_ENGLISH)
def test_dropped_english(text):
    assert mentions_minor(text)


@pytest.mark.parametrize("text", REAL_OTHER_LANGUAGES)
def test_dropped_other_languages(text):
    assert mentions_minor(text)


@pytest.mark.parametrize("text", HARMLESS_WORDS)
def test_kept_words(text):
    assert not mentions_minor(text)


@pytest.mark.parametrize("text", HARMLESS_OTHER_LANGUAGES)
def test_kept_other_languages(text):
    assert not mentions_minor(text)
