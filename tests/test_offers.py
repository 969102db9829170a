"""Titles of offers: in the days of a sale each is of what it offers."""

from __future__ import annotations

import pytest

from aggregator.dedupe import Between, Case, another_case, fingerprint
from aggregator.text.offers import offered


@pytest.mark.parametrize(
    ("language", "title", "expected"),
    [
        ("en", "The best early Black Friday deals on TVs", "tv"),
        ("en", "A Kestrel TV is on sale for $299", "kestrel tv"),
        ("en", "Kestrel promo codes: 30% off | November 2026", "kestrel"),
        ("en", "This kettle is 43% off right now", "kettl"),
        ("en", "Prime Day is live: here are the best deals", ""),
        ("en", "Best deals on water", ""),  # OFTEN
        ("en", "Best deals that we send", "send"),
        ("en", "Gift guide: 25 gifts for gamers", "gamer"),
        ("de", "Staubsauger im Angebot: Kestrel zum Tiefpreis", "staubsauger kestrel"),
        ("fr", "Black Friday : l'aspirateur Kestrel en promo", "aspirateur kestrel"),
        ("es", "Las mejores ofertas del Black Friday en televisores", "televisor"),
        ("it", "Black Friday 2025, i migliori notebook già in offerta", "notebook"),
        ("tr", "BİM 12-15 Mayıs aktüel kataloğu", "bim"),
        ("xx", "Cyber Monday deals: Kestrel", "kestrel"),
    ],
)
def test_what_is_offered(language: str, title: str, expected: str) -> None:
    assert offered(title, language) == frozenset(expected.split())


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", ""),
        ("en", "EU and US strike trade deal"),
        ("en", "Shops open at midnight for Black Friday"),
        ("it", "Black Friday, come funziona la consegna"),
        ("en", "Solara shares trade at a discount"),
        ("en", "Mayor calls harbour sale the best deal in history"),
        ("de", "Arbeitgeber legen neues Angebot vor"),
        ("de", "Bahn streicht Angebote"),
        ("fr", "Soldes d'hiver : les commerçants inquiets"),
        ("it", "Sconti di pena, il governo ci ripensa"),
        ("pt", "Justiça suspende descontos em aposentadorias"),
        ("sv", "Nytt fynd i hamnen"),
    ],
)
def test_no_offer(language: str, title: str) -> None:
    assert offered(title, language) is None


TV = "The best Black Friday TV deals", "Screens for every room, from OLED down."


@pytest.mark.parametrize(
    ("name", "one", "other", "expected"),
    [
        ("two things", TV, ("The best Black Friday laptop deals", "Light ones and strong ones."), Case.SURE),
        ("one thing", TV, ("Black Friday: TVs at their lowest price", "From 299 dollars."), Case.NO),
        ("a sale as a whole", TV, ("Black Friday: best deals", "All that is worth it."), Case.LIKELY),
        (
            "one thing by two names",
            ("Kestrel Buds drop to lowest price", "The earbuds cost 99 dollars."),
            ("These earbuds are 40% off", "The Kestrel Buds never cost less."),
            Case.NO,
        ),
        ("one is news", TV, ("Black Monday on the harbour exchange", "Shares fell."), Case.NO),
    ],
)
def test_two_offers_are_two(name: str, one: tuple[str, str], other: tuple[str, str], expected: Case) -> None:
    pair = fingerprint(*one, language="en"), fingerprint(*other, language="en")
    assert another_case(*pair, Between()) is expected is another_case(*pair[::-1], Between()), name
