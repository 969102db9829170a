"""Titles of round-ups: what tells of news of all kinds is no happening."""

from __future__ import annotations

import pytest

from aggregator.dedupe import Between, Case, another_case, fingerprint
from aggregator.text.roundups import is_roundup


@pytest.mark.parametrize(
    "title",
    [
        "Morning briefing: a harbour vote, storm Berta and a new panda",
        "Friday briefing: what the harbour vote means",
        "Wall Street Breakfast: tariffs, chips, a strike",
        "Evening Digest | Tuesday 24 November",
        "Weekly roundup #341",
        "League One round-up: Skarvoy go top, Lindoy win late, Brisola draw",
        "The Sunday read: five stories you may have missed",
        "Der Hafen wird frei und andere Nachrichten aus Lindau",
        "Il porto libero e le altre notizie di Esempio",
        "News des Tages: Haushaltsstreit, Hochwasser in Lindau, Warnstreik",
        "Was heute wichtig wird",
        "Hafen, Haushalt, Handball : les informations à retenir ce mercredi",
        "Rassegna stampa: i giornali di oggi",
        "Las noticias del día, en cinco minutos",
        "Главное за день: суд, шторм и новый мост",
        "Günün öne çıkan gelişmeleri",
        "Przegląd prasy – wtorek",
        "[오늘의 주요뉴스] 11월 27일",
        "每日新闻早报",
        "今日のニュースまとめ",
        "أبرز الأخبار: تصويت وعاصفة",
        "आज की बड़ी खबरें",
    ],
)
def test_a_roundup(title: str) -> None:
    assert is_roundup(title)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "Mayor skips morning briefing after storm",
        "ROUNDUP: Solara hebt die Prognose an",  # so an agency marks a longer telling
        "Kestrel review round-up: a heavyweight",
        "Roundup of protesters on the quay begins",
        "Police morning briefing on the harbour fire: two held",
        "5 things you may have missed in the new Kestrel film",
        "Newspaper: the harbour vote, the storm, and the mayor",
        "Nachrichtensprecher Orlo Dask hört auf",
        "Das Wichtigste zuerst: Solara hebt die Prognose an",
    ],
)
def test_news_of_its_own(title: str) -> None:
    assert not is_roundup(title)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("One Two Three daily briefing: the vote", True),  # NAMED
        ("One Two Three Four daily briefing: the vote", False),
        ("Daily briefing", True),
        ("Skarvoy daily briefing", False),
        ("League One round-up: Skarvoy win, Lindoy draw, Brisola lose", True),  # SEVERAL
        ("League One round-up: Skarvoy win, Lindoy draw", False),
        ("Daily briefing, 3 March 2026: the vote", True),
        ("Daily briefing on 3 March 2026: the vote", False),
    ],
)
def test_NAMED_and_SEVERAL(title: str, expected: bool) -> None:
    assert is_roundup(title) is expected


def test_a_roundup_tells_no_happening_that_it_names() -> None:
    one = fingerprint("Morning briefing: storm Berta, a new panda", "Skarvoy Zoo has a new panda, and more.")
    other = fingerprint("Skarvoy Zoo welcomes new panda", "The two-year-old came by ship on Tuesday.")
    assert another_case(one, other, Between()) is Case.LIKELY is another_case(other, one, Between())
