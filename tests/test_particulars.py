"""What tells one case from the next by itself: ages, days, numbers of versions and roads, which one in a row.

Every headline is invented.
"""

from __future__ import annotations

import pytest

from aggregator import cluster
from aggregator.cluster import Point
from aggregator.dedupe import Between, Case, another_case, fingerprint
from aggregator.dedupe.particulars import differ, on_other_days
from aggregator.fold.merging import Probabilities

HOUR = 3600
DIFFER = [
    ("an age", "en", "Man, 34, held after a fight in Skarvoy", "Man, 43, held after a fight in Skarvoy", True),
    ("one age is the same", "en", "Man, 34, and son, 12, held in Skarvoy", "Son, 12, held in Skarvoy", False),
    ("an age, in a word", "de", "Polizei sucht 17-Jährigen aus Ulmfurt", "Polizei sucht 16-Jährige aus Ulmfurt", True),
    ("an age, behind a word", "en", "Skarvoy diver, aged 81, dies", "Skarvoy diver, aged 79, dies", True),
    ("an age, in signs", "ja", "漁師の男性(63歳)死亡", "漁師の男性(36歳)死亡", True),
    ("a toll is no age", "en", "Raid in Skarvoy kills 12", "Raid in Skarvoy kills 14", False),
    ("a road", "en", "M62 closed after a lorry overturns", "M6 closed after a lorry overturns", True),
    ("a road, with a hyphen", "es", "Cortada la A-4 en Almarga", "Cortada la A-44 en Almarga", True),
    ("codes of two kinds", "en", "M62 closed at junction J7", "J7 closed on Monday", False),
    ("a flaw", "en", "CVE-2031-40112 in FormPress", "CVE-2031-40113 in FormPress", True),
    ("one of two flaws", "en", "CVE-2031-40112 and CVE-2031-40113 in FormPress", "CVE-2031-40113 in FormPress", False),
    ("a version", "en", "Vellamo 12.1 released", "Vellamo 12.2 released", True),
    ("before its release", "en", "Vellamo 12.1 rc2 is out", "Vellamo 12.1 is out", True),
    ("of what has no name", "en", "Version 2.1 is there", "Version 2.0 is there", True),
    ("of what has no name, in small letters", "es", "Publicada la versión 2.1.1", "Publicada la versión 2.1.0", True),
    ("of what has no name, without a point", "en", "Version 2 of the plan", "Version 3 of the plan", False),
    ("of two programs", "en", "Vellamo 12.1 runs on Ostrana", "Ostrana 9.3 runs Vellamo", False),
    ("LATEST: two digits", "en", "Vellamo 41 is there", "Vellamo 42 is there", True),
    ("LATEST: a digit may be a score", "en", "Vellamo 2, Ostrana 1", "Vellamo 3, Ostrana 1", False),
    ("LATEST: three may be a score too", "en", "Vellamo 110, Ostrana 102", "Vellamo 98, Ostrana 90", False),
    ("a share of a hundred", "en", "Vellamo 12 percent up", "Vellamo 14 percent up", False),
    ("no name", "en", "Rain 12.1 higher", "Rain 12.2 higher", False),
    ("NAME: two letters", "en", "The Qz 41 is there", "The Qz 42 is there", False),
    ("in a row", "en", "Body of fourth climber found", "Body of fifth climber found", True),
    ("in a row, in figures", "ru", "Умер 11-й пострадавший в Синегорье", "Умер 12-й пострадавший в Синегорье", True),
    ("in two rows", "en", "First woman to win the fourth race", "Second day of the race", False),
    ("in signs", "ja", "台風18号が発生", "台風19号が発生", True),
    ("QUAKE: by so much", "en", "Quake of magnitude 5.8 near Skarvoy", "Quake of magnitude 5.3 near Skarvoy", True),
    ("QUAKE: by less", "en", "Quake of magnitude 5.8 near Skarvoy", "Quake of magnitude 5.4 near Skarvoy", False),
    ("QUAKE: with a comma", "es", "Sismo de magnitud 5,8 en Almarga", "Sismo de magnitud 4,1 en Almarga", True),
    ("a match", "pt", "Lindoia x Remo: horário e onde assistir", "Brisola x Vitória: horário e onde assistir", True),
    ("a side is the same", "en", "Lindoy v Skarvoy: where to watch", "Brisola v Lindoy: where to watch", False),
    ("a court's parties", "en", "Justices hear Dask v. Solara", "Justices hear Velm v. Kestrel", True),
    ("CLUB: in short", "en", "LIN vs SKA live: watch the cup", "Lindoy vs Skarvoy live: watch the cup", False),
    ("CLUB: so many letters", "en", "Lindoy vs Skarvoy live", "Linborg vs Brisola live", False),
    ("CLUB: by its third letter", "en", "Lindoy vs Skarvoy live", "Lirborg vs Brisola live", True),
    ("CODE: any name", "fr", "LDS vs VTO, le direct", "Lindoy vs Brisola, le direct", False),
    ("CODE: five letters are a name", "fr", "LINDO vs VITOR, le direct", "Skarvoy vs Brisola, le direct", True),
    ("two codes", "en", "LIN vs SKA live: watch the cup", "BRI vs VIT live: watch the cup", True),
    ("no names", "en", "Man v machine: chess", "Fox x hound: chess", False),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "lang", "a", "b", "expected"), DIFFER)
def test_particulars_of_one_kind_differ(kind: str, lang: str, a: str, b: str, expected: bool) -> None:
    one, other = (fingerprint(title, "", language=lang) for title in (a, b))
    assert differ(one, other) is expected is differ(other, one), kind


@pytest.mark.parametrize(("before", "expected"), [(0, True), (375, True), (376, False)])
def test_BEGINNING_an_age_is_looked_for_where_a_text_begins(before: int, expected: bool) -> None:
    one, other = (
        fingerprint(
            "A diver is missed off Skarvoy", "x" * before + f" The diver, a {age}-year-old,", language="en"
        )
        for age in (34, 43)
    )
    assert differ(one, other) is expected


@pytest.mark.parametrize(
    ("kind", "lang", "a", "b", "expected"),
    [
        ("dates", "en", "Skarvoy on 8 November", "Skarvoy on November 9th", True),
        ("one date, written in two ways", "en", "Skarvoy on 8 November", "Skarvoy on November 8th", False),
        ("a day and a month between", "es", "Mercado: 1 de octubre", "Mercado: 16 de octubre", True),
        ("in another case", "ru", "Прогноз погоды на 8 ноября", "Прогноз погоды на 16 ноября", True),
        ("weekdays", "fr", "Orages jeudi à Ulmont", "Orages vendredi à Ulmont", True),
        ("weekdays in another case", "ru", "Погода на пятницу", "Погода на субботу", True),
        ("letters that are no accented ones", "tr", "Ulmont'ta 3 Kasım", "Ulmont'ta 4 Kasım", True),
        ("the same in Polish", "pl", "Pogoda: poniedziałek", "Pogoda: wtorek", True),
        ("and in Danish", "da", "Vejret lørdag", "Vejret søndag", True),
        ("in signs", "ja", "東京 8月3日の天気", "東京 8月4日の天気", True),
        ("in syllables", "ko", "월요일 날씨", "화요일 날씨", True),
        ("a date and a weekday", "en", "Skarvoy on 8 November", "Skarvoy on Friday", False),
        ("one names none", "en", "Skarvoy on Thursday", "Skarvoy today", False),
    ],
)  # fmt: skip
def test_days_that_titles_name(kind: str, lang: str, a: str, b: str, expected: bool) -> None:
    one, other = (fingerprint(title, "", language=lang) for title in (a, b))
    assert on_other_days(one, other) is expected is on_other_days(other, one), kind


@pytest.mark.parametrize(
    ("kind", "lang", "a", "b", "expected"),
    [
        ("particulars", "en", "Body of fourth climber found", "Rescuers find body of fifth climber", Case.LIKELY),
        ("DAILY: other days, three words of five", "en", "Letters from our readers Thursday", "Letters from readers abroad Friday", Case.LIKELY),
        ("other days, two of five", "en", "Letters from our readers Thursday", "Letters to readers abroad Friday", Case.NO),
        ("the contrary", "en", "Council passes harbour bill", "Council rejects harbour bill", Case.LIKELY),
        ("negated", "en", "Brewery will reopen its plant", "Brewery will not reopen its plant", Case.LIKELY),
        ("negated in words of its own", "en", "Council harbour bill fails", "Council did not back harbour bill", Case.NO),
        ("names that share nothing", "ru", "Пожар под Лукоморьем удалось потушить", "Пожар удалось потушить в Синегорье", Case.LIKELY),
        ("names, and one that both have", "ru", "Власти Москвы отчитались перед Лукоморьем", "Ищут в Синегорье людей из Москвы", Case.DOUBTED),
        ("names, and initials that both have", "ru", "Авария на ТЭЦ оставила Лукоморье без тепла", "В Синегорье после аварии на ТЭЦ холодно", Case.LIKELY),
        ("names, and a quoted one that both have", "ru", "Хоккеисты «Сибири» в Лукоморье обыграли всех", "Тренер «Сибири» улетел в Синегорье", Case.DOUBTED),
        ("a short name in another case", "ru", "Власти Тувы дадут 300 млн рублей на мосты", "На мосты в Туве дадут 300 миллионов", Case.NO),
        ("one names nothing of its own", "ru", "Власти Москвы отчитались перед Лукоморьем", "Ищут в море людей из Москвы", Case.NO),
        ("English gives capitals to other words", "en", "Fire put out near Lindoy by the brigade", "Brigade put out the Skarvoy fire", Case.NO),
    ],
)  # fmt: skip
def test_what_keeps_two_headlines_of_two_sources_apart(
    kind: str, lang: str, a: str, b: str, expected: Case
) -> None:
    one, other = (fingerprint(title, "", language=lang) for title in (a, b))
    assert another_case(one, other, Between(seconds=HOUR)) is expected, kind
    assert another_case(other, one, Between(seconds=HOUR)) is expected, kind


def test_ODDS_OTHER_NAMES_what_is_doubted_has_to_be_very_much_alike() -> None:
    def sure(weight: float, case: Case) -> float:
        rest = (1 - weight**2) ** 0.5
        points = {
            1: Point(1, 0, "one", {"a": weight, "b": rest}),
            2: Point(2, 0, "two", {"a": weight, "c": rest}),
        }
        return Probabilities(points, HOUR, lambda a, b: case).between(1, 2)

    assert sure(0.6, Case.DOUBTED) < cluster.THRESHOLD < sure(0.6, Case.NO)
    assert cluster.THRESHOLD < sure(0.8, Case.DOUBTED) < sure(0.8, Case.NO)
    assert sure(1.0, Case.LIKELY) == 0.0


@pytest.mark.parametrize(
    ("lang", "a", "b"),
    [
        ("en", "Court upholds the harbour tax in Skarvoy", "Court quashes the harbour tax in Skarvoy"),
        ("de", "Gericht bestätigt die Hafensteuer in Ulmfurt", "Gericht kippt die Hafensteuer in Ulmfurt"),
        ("fr", "La cour confirme la taxe du port d’Ulmont", "La cour annule la taxe du port d’Ulmont"),
        ("es", "El puerto de Almarga nombra director a Ruiz", "El puerto de Almarga destituye director a Ruiz"),
        ("it", "Il porto di Valdora conferma la tassa", "Il porto di Valdora annulla la tassa"),
        ("pt", "Porto de Valdora mantém a taxa", "Porto de Valdora revoga a taxa"),
        ("nl", "Raad heeft havenbelasting aangenomen", "Raad heeft havenbelasting verworpen"),
        ("pl", "Rada przyjęła podatek portowy", "Rada odrzuciła podatek portowy"),
        ("cs", "Rada přijala přístavní poplatek", "Rada odmítla přístavní poplatek"),
        ("hu", "A tanács elfogadta a kikötői adót", "A tanács elutasította a kikötői adót"),
        ("ru", "Совет поддержал портовый сбор", "Совет отклонил портовый сбор"),
        ("uk", "Рада підтримала портовий збір", "Рада відхилила портовий збір"),
        ("bg", "Съветът прие пристанищната такса", "Съветът отхвърли пристанищната такса"),
        ("el", "Το συμβούλιο ενέκρινε τον φόρο", "Το συμβούλιο απέρριψε τον φόρο"),
        ("tr", "Meclis liman vergisini artırdı", "Meclis liman vergisini düşürdü"),
        ("ar", "المجلس يرفع رسوم الميناء", "المجلس يخفض رسوم الميناء"),
        ("zh", "港口今起上调收费标准", "港口今起下调收费标准"),
    ],
)  # fmt: skip
def test_the_contrary_in_the_same_words(lang: str, a: str, b: str) -> None:
    one, other = (fingerprint(title, "", language=lang) for title in (a, b))
    assert another_case(one, other, Between(seconds=HOUR)) is not Case.NO
