"""Phrases and school years that point to a minor, and schools and forms that do not."""

import pytest

from erasepro.concepts.safety.minors import mentions_minor

REAL_PHRASES = (
    "sweet sixteen party", "bar mitzvah", "first communion", "a year 7 class", "year seven pupils", "Year 9 student",
    "7th grade", "eighth grade", "an eighth-grader", "8th grade", "grade 5 class", "grade 6 student", "in grade 4",
    "in the third form", "sixth form", "sixth former", "sixth-form college", "key stage 2", "primary one",
    "secondary school", "a middle schooler", "high schooler", "first graders", "a school pupil",
    "pupils in a classroom", "K-12 students", "standard 4 student", "class 5 student", "prep school", "Sunday school",
    "school uniform", "nursery school", "daycare", "a little one asleep", "little brother", "her baby sister",
    "little princess", "a young student", "young scout", "in the eighth year of school",
    "a fifth-grade teacher with her class", "fourth-graders on a trip", "second graders at the museum",
    "Year 11 pupils", "a year-10 student", "sixth-formers in the library", "primary school", "junior school",
    "a kindergartener", "preschool class",
    "under-10s football", "under 16s team", "U-12 team", "seventh-grade", "7th-grader", "grade-schooler", "Grade 3",
    "Grade 10 learner", "third grade classroom", "in year 6", "year 4 pupils on a trip", "Year Three class",
    "class of 8th graders", "elementary school", "middle school", "high-school", "junior high", "primary pupils",
    "reception class", "nursery class", "kindergarteners", "preschool", "sixth form student", "form 3 students",
    "freshman in high school", "high school sophomore", "boy scouts", "girl guides", "cub scout", "schoolmate",
    "classmates at elementary school", "playground kids",
)  # fmt: skip
HARMLESS_SCHOOLS = (
    "middle-aged man", "grade A beef", "class", "pupil of an eye", "slit pupils", "dilated pupils",
    "university student", "college students", "a student at university", "law school", "art school", "driving school",
    "school bus", "old school hip hop", "film school", "business school", "high shelf", "higher education",
    "freshman at university", "primary colors", "secondary colors", "nursery rhyme", "nursery plants",
    "elementary particles", "middle ages", "junior developer", "a junior suite", "forma", "uniform", "police uniform",
    "platform", "a middle aged couple", "a graded road", "upgrader", "nursery of plants", "university professor",
    "a grad student", "medical students", "a class of wine", "high-grade steel", "form follows function",
    "uniform circular motion", "junior suite", "secondary color wheel", "primary color scheme", "high contrast",
    "middle of nowhere",
)  # fmt: skip


@pytest.mark.parametrize("text", REAL_PHRASES)
def test_dropped_phrases(text):
    assert mentions_minor(text)


@pytest.mark.parametrize("text", HARMLESS_SCHOOLS)
def test_kept_schools(text):
    assert not mentions_minor(text)
