"""What tells one of a kind from the next: names, numbers in a series, the contrary of a headline on another day.
All invented.
"""

from __future__ import annotations

import pytest

from aggregator.dedupe import Between, Case, another_case, decide, fingerprint
from aggregator.dedupe.fingerprints import Fingerprint
from aggregator.dedupe.naming import count_two, name_two, tell_of_two

HOUR = 3600
Item = tuple[str, str]


def items(lang: str, a: Item, b: Item) -> tuple[Fingerprint, Fingerprint]:
    return fingerprint(*a, language=lang), fingerprint(*b, language=lang)


# ---------------------------------------------------------------- two of a kind

OF_A_KIND = [
    (
        "en",
        ("Ferry runs aground off Skarvoy, 40 on board taken off", "The coastguard said the ferry ran onto rocks at 9:40 and that no one was hurt. Divers are to look at the hull."),
        ("Trawler sinks near Lindoy with 12 on board", "The coastguard said the trawler ran onto rocks at 23:15 and that no one was hurt. Divers are to look at the wreck."),
    ),
    (
        "es",
        ("Un temblor de 5,3 sacude la costa de Almarga", "El movimiento se registró a las 6.40 a 45 kilómetros de la capital. Las autoridades no reportan daños."),
        ("Fuerte temblor de 5,1 en el valle de Torrealba", "El movimiento se registró a las 9.12 a 30 kilómetros del río. Las autoridades no reportan daños."),
    ),
    (
        "ru",
        ("Три человека погибли в аварии под Лукоморьем", "Автомобиль столкнулся с грузовиком на 40-м километре, сообщили в полиции."),
        ("Авария под Синегорьем унесла две жизни", "Автомобиль столкнулся с грузовиком на 12-м километре, сообщили в полиции."),
    ),
    (
        "el",
        ("Σεισμός 4,8 Ρίχτερ νότια της Λυρνησσού", "Η δόνηση σημειώθηκε το πρωί σε βάθος 10 χιλιομέτρων. Δεν έχουν αναφερθεί ζημιές."),
        ("Σεισμός 4,2 Ρίχτερ κοντά στη Φθιαδίκη", "Η δόνηση σημειώθηκε το πρωί σε βάθος 12 χιλιομέτρων. Δεν έχουν αναφερθεί ζημιές."),
    ),
    (
        "zh",
        ("龙门地区青石岭县发生4.6级地震", "地震台网正式测定：12日8时15分在当地发生4.6级地震，震源深度10千米。"),
        ("白水河上游发生4.1级地震", "地震台网正式测定：12日14时02分在当地发生4.1级地震，震源深度8千米。"),
    ),
    (
        "ko",
        ("가람도 청솔군 해역서 규모 3.2 지진 발생", "기상청은 12일 오전 해역에서 규모 3.2의 지진이 발생했다고 밝혔다. 피해 신고는 없다."),
        ("나루시 은별구 남동쪽서 규모 3.0 지진 발생", "기상청은 12일 오전 내륙에서 규모 3.0의 지진이 발생했다고 밝혔다. 피해 신고는 없다."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "a", "b"), OF_A_KIND)
def test_two_texts_of_one_template_under_titles_that_name_two_things(lang: str, a: Item, b: Item) -> None:
    one, other = items(lang, a, b)
    assert decide(one, other).level is None
    assert another_case(one, other, Between(seconds=HOUR)) is Case.SURE
    assert another_case(other, one, Between(seconds=HOUR)) is Case.SURE


BELOW = "The coastguard said the ferry ran onto rocks at {} and that no one was hurt. Divers are to look at the hull."


@pytest.mark.parametrize(
    ("kind", "a", "b"),
    [
        ("a toll that rises", ("Ferry sinks off Skarvoy, 4 dead", BELOW.format("9:40, killing 4")), ("Skarvoy ferry: toll rises to 11", BELOW.format("9:40, killing 11"))),
        ("one names nothing", ("Ferry runs aground off Skarvoy", BELOW.format("9:40")), ("Forty taken off a ferry that ran aground", BELOW.format("10:15"))),
        ("the other text names it", ("Ferry runs aground off Skarvoy", BELOW.format("9:40")), ("Ferry hits rocks near Lindoy", BELOW.format("10:15 off Skarvoy"))),
        ("no template", ("Ferry runs aground off Skarvoy", "Forty people were taken off at 9:40."), ("Ship hits rocks near Lindoy", "A vessel with 40 on board is stuck.")),
    ],
)  # fmt: skip
def test_texts_of_one_template_that_may_tell_the_same(kind: str, a: Item, b: Item) -> None:
    one, other = items("en", a, b)
    assert another_case(one, other, Between(seconds=HOUR)) is Case.NO, kind
    assert another_case(other, one, Between(seconds=HOUR)) is Case.NO, kind


def test_texts_of_one_template_without_another_number_are_not_sure_to_be_two() -> None:
    one, other = items(
        "en",
        ("Ferry runs aground off Skarvoy", BELOW.format("9:40")),
        ("Ship hits rocks near Lindoy", BELOW.format("9:40")),
    )
    assert another_case(one, other, Between()) is Case.LIKELY  # its text says nothing of either title


@pytest.mark.parametrize(
    ("lang", "a", "b", "two"),
    [
        ("en", "the ferry stops at Skarvoy", "the ferry stops at Lindoy", True),
        ("en", "the ferry stops at skarvoy", "the ferry stops at lindoy", False),  # no capitals
        ("en", "The Ferry Stops At Skarvoy", "The Ferry Stops At Lindoy", False),  # nothing but capitals
        ("en", "the Ferry stops At Skarvoy", "the Ferry stops At Lindoy", False),  # one long word has none
        ("en", "Skarvoy: the ferry stops often", "Lindoy: the ferry stops often", True),  # of no list
        ("en", "Storm: the ferry stops often", "Strike: the ferry stops often", False),  # of a list
        ("en", "the ferry often stops at Ulm", "the ferry often stops at Oia", True),
        ("en", "the ferry often stops at UN", "the ferry often stops at EU", False),  # NAME: two letters
        ("en", "the ferry often stops in Friday", "the ferry often stops in Sunday", False),
        ("en", "the ferry stops at Skarvoy", "the ferry stops at Skarvoys", False),  # STEM
        ("de", "Brand in Köln: Zwei Verletzte", "Brand in Dortmund: Drei Verletzte", True),  # listed names
        ("de", "Unfall auf A1: Zwei Verletzte", "Unfall auf A1: Drei Tote", False),  # a toll
        ("de", "Unfall auf A1: Zwei Verletzte", "Unfall auf A1: Ein Toter", False),
        (
            "fr",
            "Accident à Ulm hier soir",
            "Accident à Oia hier soir",
            True,
        ),  # one long word without a capital
        ("fr", "Accident à Ulm", "Accident à Oia", False),
        ("ja", "赤い船が山本圭一を乗せる", "赤い船が田中昭子を乗せる", True),
        ("ja", "赤い船が山本圭を乗せる", "赤い船が田中昭を乗せる", True),  # RUN: four pairs of characters
        ("ja", "赤い船が山本を乗せる", "赤い船が田中を乗せる", False),  # three
        ("xx", "אחד אלונסקים צפונגים", "אחד גולניפים דרומנגים", True),
        ("xx", "אחד אלונסקים שלוש", "אחד גולניפים שלוש", False),  # UNLISTED: one word
    ],
)
def test_titles_name_two_things(lang: str, a: str, b: str, two: bool) -> None:
    one, other = items(lang, (a, ""), (b, ""))
    assert name_two(one, other) is two is name_two(other, one)


TOLD = (
    "A ferry ran onto rocks at {} in the night and broke apart, the {} said. Divers are to look at the hull."
)


@pytest.mark.parametrize(
    ("kind", "below", "other_below", "expected"),
    [
        ("neither has a name", ("9:40", "coastguard"), ("10:15", "coastguard"), Case.SURE),
        ("both have one name", ("9:40", "Vellamo office"), ("10:15", "Vellamo office"), Case.NO),
        ("both have one name, and one its own", ("9:40", "Vellamo office"), ("10:15 near Ulm", "Vellamo office"), Case.NO),
        ("and either its own", ("9:40 near Oia", "Vellamo office"), ("10:15 near Ulm", "Vellamo office"), Case.SURE),
        ("both have initials", ("9:40", "NVKO"), ("10:15", "NVKO"), Case.SURE),
        ("both have a name of a list", ("9:40", "Department"), ("10:15", "Department"), Case.SURE),
        ("both have a scale", ("9 Brannocks", "coastguard"), ("10 Brannocks", "coastguard"), Case.SURE),
        ("both have a day", ("9:40 on Friday", "coastguard"), ("10:15 on Friday", "coastguard"), Case.SURE),
    ],
)  # fmt: skip
def test_a_name_that_both_have_may_be_what_they_tell_of(
    kind: str, below: tuple[str, str], other_below: tuple[str, str], expected: Case
) -> None:
    one, other = items(
        "en",
        ("Ferry runs aground off Skarvoy", TOLD.format(*below)),
        ("Ship hits rocks near Lindoy", TOLD.format(*other_below)),
    )
    assert another_case(one, other, Between()) is expected is another_case(other, one, Between()), kind


# ---------------------------------------------------------------- numbers in a series


@pytest.mark.parametrize(
    ("lang", "a", "b", "two"),
    [
        ("en", "Episode 44: The Baker", "Episode 45: The Baker’s Wife", True),
        ("en", "Bakers v Millers, third Test: stumps", "Bakers v Millers, first Test: stumps", True),
        ("en", "Bakers take Game 2", "Bakers take game two", False),
        ("en", "After Game 1, Bakers take Game 2", "Bakers take Game 2", False),
        ("en", "Baker gets 3 match ban", "Baker gets 4 match ban", False),
        ("en", "Episode 44: The Baker", "Chapter 45: The Baker", False),
        ("en", "The Baker 44", "The Baker 45", False),
        ("en", "Bakers win on 3rd day of the Test", "Bakers win on 4th day of the Test", True),
        ("de", "Folge 88: Geld", "Folge 89: Geld und Liebe", True),
        ("de", "Bäcker gewinnen am 3. Spieltag", "Bäcker gewinnen am 4. Spieltag", True),
        ("fr", "Épisode 12 – Le pont", "Épisode 13 – Le pont, suite", True),
        ("es", "Capítulo 7: La casa", "Capítulo 8: La casa vacía", True),
        ("ja", "第12話「雨の日」", "第13話「雪の日」", True),
        ("ja", "第12話「雨の日」", "第12話「雪の日」", False),
        ("zh", "第三集：面包师", "第四集：面包师", True),
        ("ko", "빵집 이야기 12회", "빵집 이야기 13회", True),
    ],
)
def test_titles_count_two_things(lang: str, a: str, b: str, two: bool) -> None:
    one, other = items(lang, (a, ""), (b, ""))
    assert count_two(one, other) is two is count_two(other, one)
    assert not two or another_case(one, other, Between()) is Case.SURE


# ---------------------------------------------------------------- one measure on two days

LATER = [
    ("en", "Harbour stocks close higher as grain rallies", "Harbour stocks close lower as grain slides"),
    ("de", "Hafenindex schließt im Plus", "Hafenindex schließt im Minus"),
    ("fr", "L’indice du port termine en hausse", "L’indice du port termine en baisse"),
    ("it", "La borsa del porto chiude in rialzo", "La borsa del porto chiude in calo"),
    ("nl", "Havenindex sluit hoger", "Havenindex sluit lager"),
    ("sv", "Hamnbörsen stängde på plus", "Hamnbörsen stängde på minus"),
    ("tr", "Liman borsası günü yükselişle tamamladı", "Liman borsası günü düşüşle tamamladı"),
    ("ru", "Крона укрепилась на открытии: рост", "Крона укрепилась на открытии: падение"),
    ("ja", "港湾株指数、今日は続伸で終了", "港湾株指数、今日は続落で終了"),
    ("zh", "港口指数今日收盘上涨", "港口指数今日收盘下跌"),
    ("en", "Harbour index ends at a new mark, up 0.8%", "Harbour index ends at a new mark, up 1.1 percent"),
]


@pytest.mark.parametrize(("lang", "a", "b"), LATER)
def test_LATER_one_measure_on_two_days_is_two_pieces_of_news(lang: str, a: str, b: str) -> None:
    one, other = items(lang, (a, ""), (b, ""))
    assert another_case(one, other, Between(seconds=12 * HOUR)) is not Case.NO
    assert another_case(other, one, Between(seconds=12 * HOUR)) is not Case.NO


NOTHING_IN_COMMON = [
    (
        "tr",
        ("Karaova'da 6 katlı binada korkutan yangın", "Karaova'nın Yeşildere ilçesinde 6 katlı binanın en üst katında çıkan yangın söndürüldü."),
        ("Akçapınar'da 3 katlı binada yangın: 4 yaralı", "Akçapınar'da 3 katlı binanın bodrum katında çıkan yangında 4 kişi yaralandı."),
    ),
    (
        "en",
        ("Police in Harwick arrest 19 over gun posts", "Nineteen people are held after raids in Harwick, a prosecutor said."),
        ("Five held in Selby Moor raids on the Dalton gang", "Officers held 5 people in raids on the Dalton gang."),
    ),
    (
        "it",
        ("Scontro fra due auto a Valdorna: 1 ferito", "Due auto si sono scontrate a Valdorna, una persona è rimasta ferita."),
        ("Camion contro un'auto a Pietrascura, 7 feriti", "Un camion si è scontrato con un'auto a Pietrascura, 7 persone sono rimaste ferite."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "a", "b"), NOTHING_IN_COMMON)
@pytest.mark.parametrize("one_source", [True, False])
def test_two_of_a_kind_that_have_no_name_and_no_number_in_common(
    lang: str, a: Item, b: Item, one_source: bool
) -> None:
    one, other = items(lang, a, b)
    assert tell_of_two(one, other)
    assert another_case(one, other, Between(one_source=one_source)) is Case.SURE


@pytest.mark.parametrize(
    ("name", "lang", "a", "b"),
    [
        (
            "a number that both say",
            "en",
            ("Harwick police arrest 19 in 3 raids over gun posts", ""),
            ("19 held after 2 raids with dogs were made in Selby Moor", ""),
        ),
        (
            "a name that both say",
            "en",
            ("Harwick police arrest 19 over gun posts", "Raids were made near Tolland."),
            ("Five held in Selby Moor raids", "The 5 were taken to Tolland."),
        ),
        (
            "no number of its own",
            "en",
            ("Harwick police make arrests over gun posts", ""),
            ("Five held in Selby Moor raids", ""),
        ),
        ("no name of its own", "en", ("Nineteen held over gun posts", ""), ("5 held in Selby Moor raids", "")),
        (
            "a date is no number",
            "en",
            ("Harwick police make arrests on 3 May 2026", ""),
            ("Raids with dogs were made in Selby Moor on 4 May", ""),
        ),
        ("no capitals", "ja", ("西浜市の火災で4人けが", ""), ("東山町で火災、2人死亡", "")),
        ("no capitals in one", "he", ("שריפה בנהריה: 4 פצועים", ""), ("Fire in Harwick: 2 hurt", "")),
    ],
)  # fmt: skip
def test_two_of_a_kind_that_may_be_one(name: str, lang: str, a: Item, b: Item) -> None:
    one, other = items(lang, a, b)
    assert not tell_of_two(one, other)
    assert not tell_of_two(other, one)


@pytest.mark.parametrize(("one_source", "expected"), [(True, Case.LIKELY), (False, Case.NO)])
def test_a_source_tells_of_two_with_a_name_and_a_number_each(one_source: bool, expected: Case) -> None:
    one, other = items(
        "en",
        ("Tolland Brisola bond fund declares a dividend of 0.09", ""),
        ("Dividend of 0.065 for holders of the Tolland Harwick shares fund", ""),
    )
    assert another_case(one, other, Between(one_source=one_source)) is expected


@pytest.mark.parametrize(
    ("name", "lang", "a", "b", "expected"),
    [
        ("two companies", "en", ("Zellurna posts a loss as its cancer trial goes on", ""), ("Mendoro narrows its loss as blood cancer trials go on", ""), Case.LIKELY),
        ("behind a kicker", "en", ("Earnings: Zellurna posts a loss on trials", "So the firm said today."), ("Earnings: Mendoro narrows its loss on trials", "Its board spoke of luck."), Case.LIKELY),
        ("a listed word", "en", ("Shares of Zellurna fall as its cancer drug slips", ""), ("Mendoro narrows its loss as cancer trials go on", ""), Case.NO),
        ("said by the other", "en", ("Zellurna posts a loss as its cancer trial goes on", ""), ("Mendoro narrows its loss as cancer trials go on", "Its rival Zellurna lost more."), Case.NO),
        ("NAME: two letters", "en", ("Zq posts a loss as its cancer trial goes on", ""), ("Mendoro narrows its loss as blood cancer trials go on", ""), Case.NO),
        ("NAME: three letters", "en", ("Zqv posts a loss as its cancer trial goes on", ""), ("Mendoro narrows its loss as blood cancer trials go on", ""), Case.LIKELY),
        ("no capitals", "he", ("זלורנה מדווחת על הפסד ברבעון", ""), ("ברבעון הפסד קטן יותר למנדורו", ""), Case.NO),
    ],
)  # fmt: skip
def test_what_one_source_tells_of_two_things_that_its_titles_begin_with(
    name: str, lang: str, a: Item, b: Item, expected: Case
) -> None:
    one, other = items(lang, a, b)
    assert another_case(one, other, Between(one_source=True)) is expected, name
    assert another_case(other, one, Between(one_source=True)) is expected, name
    assert another_case(one, other, Between()) is Case.NO, name


@pytest.mark.parametrize(
    ("kind", "a", "b", "seconds", "expected"),
    [
        ("half a day later", "Grain up 3% and oats up 5%", "Grain up 4% and oats up 6%", 12 * HOUR, Case.LIKELY),
        ("a second less", "Grain up 3% and oats up 5%", "Grain up 4% and oats up 6%", 12 * HOUR - 1, Case.NO),
        ("DAILY: three words of five", "Grain price in Ulm up 3%", "Grain price up in spring 4%", 24 * HOUR, Case.LIKELY),
        ("three of six", "Grain price in Ulm up 3%", "Why oats up in price 4%", 24 * HOUR, Case.NO),
        ("the contrary, at once: three of five", "Grain price in Ulm rises", "Grain price falls in spring", 0, Case.LIKELY),
        ("the contrary: two of five", "Grain price in Ulm rises", "Why a price falls in", 0, Case.NO),
        ("one percentage is the same", "Grain up 3% and oats up 5%", "Grain up 3% and oats up 6%", 24 * HOUR, Case.NO),
        ("other percentages", "Grain up 3% and oats up 5%", "Grain up 4% and oats up 6%", 24 * HOUR, Case.LIKELY),
        ("one has none", "Grain up 3% and oats up 5%", "Grain up 4 cents and oats up 6", 24 * HOUR, Case.NO),
    ],
)  # fmt: skip
def test_LATER_and_DAILY_at_their_edges(kind: str, a: str, b: str, seconds: int, expected: Case) -> None:
    one, other = items("en", (a, ""), (b, ""))
    assert another_case(one, other, Between(seconds=seconds)) is expected, kind


# ---------------------------------------------------------------- one text, each under a lead of its own


def said(*, common: int, lead: int) -> str:
    """So many words that both have, behind so many of its own."""
    return " ".join(
        [*(f"lead{place}" for place in range(lead)), *(f"word{place}" for place in range(common))]
    )


@pytest.mark.parametrize(
    ("kind", "common", "lead", "one_source", "same"),
    [
        ("WHOLE: 70 of 100 phrases", 72, 30, False, True),
        ("70 of 101", 72, 31, False, False),
        ("one source says it", 72, 30, True, False),
        ("LONG_BODY: forty words", 40, 12, False, True),
        ("one less", 39, 12, False, False),
        ("the lead is short", 39, 6, False, True),
    ],
)
def test_WHOLE_one_text_whose_lead_another_outlet_wrote(
    kind: str, common: int, lead: int, one_source: bool, same: bool
) -> None:
    one = fingerprint("word30 word31 word32 word33", said(common=common, lead=0), language="en")
    other = fingerprint("word20 word21 word22 word23", said(common=common, lead=lead), language="en")
    for pair in ((one, other), (other, one)):
        assert (decide(*pair, Between(one_source)).level == "text") is same, kind
