"""Countries in scripts without capitals, and what they tell of two items. Every headline is invented."""

from __future__ import annotations

import pytest

from aggregator.dedupe import Between, Case, another_case, fingerprint
from aggregator.text.countries import countries

NAMED = [
    ("ar, of its people", "الوزير يستقبل السفير البريطاني", "GB"),
    ("ar, with a preposition, and a conjunction", "اجتماع بالأردن والعراق للتشاور", "IQ JO"),
    ("ar, a people, and an adjective without its ending", "الحكومة الليبية والوفد المصري", "EG LY"),
    ("ar, a city", "انفجار في طهران", "IR"),
    ("ar, the beginning of a word is none", "مصرع ثلاثة وهندسة الطرق تمنع قطرات المياه", ""),
    ("STEM: what is left of a word has so many letters", "ونصف", ""),
    ("fa", "سفیر روسی در فرانسه و هیات ایرانی", "FR IR RU"),
    ("ur", "پاکستانی وفد کی روس آمد", "PK RU"),
    ("he, with a preposition, and an ending", "השר הצרפתי ביקר בלבנון, והאיראנים שתקו", "FR IR LB"),
    ("hi", "भारतीय टीम पाकिस्तान पहुँची, ईरानी दल भी", "IN IR PK"),
    ("bn, in their cases", "ভারতের সঙ্গে নেপালের বৈঠক", "IN NP"),
    ("ko, with particles", "영국은 러시아의 제안을 거부했다", "GB RU"),
    ("ko, a common word is left out", "이동 수단과 오만한 태도", ""),
    ("zh", "法国外长访问埃及", "EG FR"),
    ("ja", "トルコとイランの外相が会談", "IR TR"),
    ("ja, no part of a name in katakana", "イランダ選手が優勝", ""),
    ("th", "ทูตรัสเซียเยือนอียิปต์", "EG RU"),
    ("scripts with capitals tell names by them", "France and Egypt", ""),
]


@pytest.mark.parametrize(("name", "text", "expected"), NAMED, ids=[case[0] for case in NAMED])
def test_countries_that_are_named(name: str, text: str, expected: str) -> None:
    assert countries(text) == frozenset(expected.split())


CALL, OTHER_CALL = (
    "الوزير يتلقى اتصالا هاتفيا من نظيره المصري",
    "الوزير يتلقى اتصالا هاتفيا من نظيره الباكستاني",
)
ITEMS = [
    ("one source, two partners", True, (CALL, ""), (OTHER_CALL, ""), Case.LIKELY),
    ("two sources", False, (CALL, ""), (OTHER_CALL, ""), Case.LIKELY),
    (
        "two sources, and a country in common",
        False,
        ("مصر تدين بشدة الهجوم على سفارة اليونان", ""),
        ("باكستان تدين بشدة اقتحام سفارة اليونان في العاصمة", ""),
        Case.DOUBTED,
    ),
    (
        "one source, and a country in common",
        True,
        ("مصر تدين بشدة الهجوم على سفارة اليونان", ""),
        ("باكستان تدين بشدة اقتحام سفارة اليونان في العاصمة", ""),
        Case.LIKELY,
    ),
    ("one title alone names its own", False, (CALL, ""), ("الوزير يتلقى اتصالا هاتفيا من نظيره ويبحث معه التجارة", ""), Case.NO),
    ("a text tells of the other", False, (CALL, "والتقى بعد ذلك السفير الباكستاني أيضا"), (OTHER_CALL, ""), Case.NO),
    ("he", True, ("השר נפגש אתמול עם שגריר צרפת", ""), ("שגריר יפן נפגש עם השר לשיחה על סחר", ""), Case.LIKELY),
    ("ko", False, ("장관, 영국 대표단과 무역 협력 논의", ""), ("장관, 이집트 대표단과 무역 협력 논의", ""), Case.LIKELY),
]  # fmt: skip


@pytest.mark.parametrize(("name", "one_source", "a", "b", "expected"), ITEMS, ids=[case[0] for case in ITEMS])
def test_two_countries_are_two_events(
    name: str, one_source: bool, a: tuple[str, str], b: tuple[str, str], expected: Case
) -> None:
    one, other = fingerprint(*a), fingerprint(*b)
    assert another_case(one, other, Between(one_source)) is expected
    assert another_case(other, one, Between(one_source)) is expected
