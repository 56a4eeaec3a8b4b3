"""Ages: which are below 18, in whatever words, and which numbers are none."""

import pytest

from erasepro.concepts.safety.minors import mentions_minor

REAL_AGES = (
    "she is twelve", "who turned 9 last week", "a dancer who turned 9 last week", "at the age of thirteen",
    "she's eleven and loves trains", "he was only seven when he learned to swim", "Anna is ten years of age",
    "my daughter is six", "my son just turned five", "they are both fourteen", "a skater who is fifteen",
    "a violinist, aged thirteen", "when she was 8, she painted a horse", "at twelve he played chess",
    "at 12, she won a prize", "Tom, 11, with his bicycle", "Maria (9) on a swing", "by the age of six he could read",
    "she looks about twelve", "he seems to be around 10", "a student of sixteen",
    "a person under the age of eighteen", "her age is 14", "his tenth birthday", "celebrating her sixth birthday",
    "a thirteenth birthday cake with candles", "a five and a half year old", "two and a half years old",
    "12½ years old", "half a year old", "a year old", "three weeks old", "a few months old", "twelve years young",
    "born three weeks ago", "born two years ago", "born in 2016", "she is going to be seven in May",
    "he becomes four today", "nine going on ten", "no older than 12", "under twelve", "for under tens",
    "not yet eighteen", "has not turned eighteen", "two years short of eighteen", "before her eighteenth birthday",
    "too young to drive", "not old enough to vote", "below the age of consent", "people under 16", "ages 5 to 7",
    "5-7 year olds", "sixteen-year-olds", "in her early teens", "hes 10", "I'm eleven", "she's 9.",
    "Lucy turns eight on Sunday", "the gymnast was fourteen when she won", "He is almost thirteen",
    "she will be ten next year", "they're twelve", "it was her fifteenth birthday", "on his 5th birthday",
    "a nine-yr-old", "an 11-year-old's drawing", "eleven and three quarters years old",
    "a little over twelve years old", "my niece, who is 7, draws", "our son (6) plays the piano",
    "a person aged between 10 and 14", "swimmers aged 13-15", "a footballer under the age of 16", "5 y/o", "a 6y.o.",
    "7 yrs old", "8 years-old", "9years old", "ten yrs old", "sixteen yr olds", "17y old", "a 3 month old",
    "eleven months old", "12 y.o.", "a 12yr old", "12-yr-old", "twelve-yr-old",
    "the swimmer turned twelve in June", "Emma, aged six, feeds the ducks", "my nephew is about four",
    "her little boy is two", "he was nine at the time", "she will turn sixteen", "since she was five",
    "until he was eleven", "by twelve he had won three medals", "at only thirteen", "aged just 15",
    "a person in their teens", "an actor of 14 years", "children's hospital", "the twins are seven",
    "the twins, both 7,", "Leo (8 years)", "Leo, 8 yrs", "Leo - 8 years old", "age: seven", "age = 10", "Age:12",
    "age 14", "(age 10)", "[age: 15]", "13yo", "13 y.o", "13 y. o.", "13y/o", "13-y/o", "thirteen yo",
    "15 years of age", "fifteen years of age", "16 year-old", "16yr old", "16 yrs. old", "5 going on 6",
    "half past nine years old", "three-month-old", "6-week-old", "newborn", "12th birthday party",
    "happy 7th birthday", "her eighth birthday", "turning 10", "turned 10", "will be 11 soon", "is just 9",
    "was barely ten", "only eight years old", "not even ten years old", "at ten years old",
    "at the tender age of seven", "ten-year-olds", "daughter, 5, with a kite", "son, 12, on skis",
    "a picture of my 4yr old", "the 9-year old's bike", "2yrs old", "3.5 years old", "eighteen months old",
    "younger sister, 11", "his younger sister, eleven", "a portrait of her brother, 9.", "my niece, only 6, and her dog",
    "the twins, 7", "a cousin, aged 3", "stepdaughter, 12", "grandson, 2", "a dancer, 14, on stage", "the neighbour, 15",
    "a violinist and a dancer, 14", "a person, 16", "two sisters, 8 and 10", "best friend, just 13",
)  # fmt: skip
HARMLESS_NUMBERS = (
    "a 30 year old man", "a 30-year-old man", "18 years old", "18-year-old", "twenty-one years old",
    "a twenty-one-year-old woman", "forty-five year old man", "thirty two years old", "she is forty",
    "he is eighteen", "she turned 21", "he turned eighteen", "she is thirty", "aged 18", "aged 45", "age 65",
    "her twenty-first birthday", "her 30th birthday", "his fiftieth birthday", "twenty first birthday",
    "in her twenties", "ages 18-25", "18+", "over 18", "born in 1985", "he is 6 feet tall", "she is 5'10",
    "it is twelve o'clock", "it is 7 pm", "he is one of the best", "there are five", "the time is nine",
    "the number is seven", "he is 5 cm tall", "in twelve colors", "ten dogs", "5 apples", "12 roses", "seven samurai",
    "the magnificent seven", "ocean's eleven", "apollo 13", "fast and furious 7", "iphone 12", "windows 11",
    "unreal engine 5", "formula 1", "8k, 4k", "4k uhd, 8k, octane", "f/1.4, iso 100", "1/8 scale", "16:9", "ar 3:2",
    "10 years of work", "a 10 year anniversary", "100 years of solitude", "12 months", "six months of winter",
    "17th century", "the 9th symphony", "first aid kit", "second hand shop", "third floor", "fourth of july",
    "fifth avenue", "seventh heaven", "eighth wonder", "first class ticket", "grade 5 titanium", "year 2024",
    "year 1984", "the year 3000", "new year 2025", "year of the dragon", "one of a kind", "U2 concert",
    "under 20 degrees", "3d render", "c4d", "r2d2", "c3po", "h2o", "80y old man", "an 80yo man", "35mm", "100mm",
    "a twenty one year old man", "twenty-two-year-old woman", "a sixty-five-year-old farmer", "she is thirty-two",
    "she is twenty and sings", "he is 45 and bald", "my grandmother is ninety", "he turned 50 last week",
    "at the age of forty", "at 60, she retired", "at the age of eighteen", "a man of 30", "a woman of 65 years",
    "Mark, 42, plumber", "Anna (35)", "an 80 years old tree", "a 19 year old student", "25yo woman", "99 luftballons",
    "section 8", "chapter 5", "it is ten past nine", "seven wonders of the world", "five stars", "three musketeers",
    "the twelve apostles", "twelve angry men", "six pack", "version 2.0", "a 5 star hotel", "route 66", "boeing 747",
    "number 9", "nine inch nails", "blink 182", "maroon 5", "windows 10", "the big five", "one direction",
    "one person", "she is one of a kind", "they are one with nature", "there is one",
    "there are two cats and three dogs", "two cats, three dogs, one bird", "cats, dogs, 3 birds",
    "the room is 12 by 10", "the lens is 12 mm", "the building is ten stories tall", "it was ten years ago",
    "the tower is 9 floors high", "he is 5'11", "she is 170 cm", "he was born in 1975", "born in the eighties",
    "the first man on the moon", "first-year university student", "third year law student", "grade 2 listed building",
    "a grade 8 bolt", "year 2 bc", "years of service", "leap year", "light year", "a year of rain", "new year's eve",
    "end of year sale", "fashion of the year", "platform 9",
    "chapter, 11", "car, 11", "younger sister, 41", "a man, 18", "her brother, 30, in a suit", "sister, 110 years old",
    "a woman, 16:9", "a dancer, 8k, detailed", "a man, 35 mm", "a woman, 4 cats, 2 dogs", "house, 12", "a queen, 10 of hearts",
    "a man, 5 apples", "friend, 1.5 times", "volume, 7",
)  # fmt: skip


@pytest.mark.parametrize("text", REAL_AGES)
def test_dropped_ages(text):
    assert mentions_minor(text)


@pytest.mark.parametrize("text", HARMLESS_NUMBERS)
def test_kept_numbers(text):
    assert not mentions_minor(text)
