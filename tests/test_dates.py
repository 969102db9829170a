"""Dates as programs and people write them: read rightly or not at all (C6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Entry, FetchResult, Limits, Source
from aggregator.parse import dates, parse
from tests.helpers import NOW

EARLIEST = 631_152_000
LATEST = 4_102_444_800
MAX_LENGTH = 100

SEEN = dates.Habits(NOW)  # 2026-09-21

FORMS = [
    # mail, RFC 5322 and what calls itself so
    ("Tue, 14 Mar 2023 15:09:26 GMT", "2023-03-14T15:09:26"),
    ("14 Mar 2023 15:09:26 GMT", "2023-03-14T15:09:26"),
    ("Tue, 14 Mar 2023 15:09 GMT", "2023-03-14T15:09:00"),
    ("Tue, 14 Mar 23 15:09:26 GMT", "2023-03-14T15:09:26"),
    ("Tue, 14 Mar 123 15:09:26 GMT", "2023-03-14T15:09:26"),
    ("Sun, 14 Mar 99 15:09:26 GMT", "1999-03-14T15:09:26"),
    ("Friday, 14 Mar 2023 15:09:26 GMT", "2023-03-14T15:09:26"),
    ("Tue,14 Mar 2023 15:09:26 +0100", "2023-03-14T14:09:26"),
    ("Tue, 14 Mar 2023 15:09:26+0100", "2023-03-14T14:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 -0330", "2023-03-14T18:39:26"),
    ("Tue, 14 Mar 2023 15:09:26 −0330", "2023-03-14T18:39:26"),
    ("Tue, 14 Mar 2023 15:09:26 -0000", "2023-03-14T15:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 +9900", "2023-03-14T15:09:26"),
    ("Tue, 14 Mar 2023 15:09:26", "2023-03-14T15:09:26"),
    ("Tue, 14 Mar 2023", "2023-03-14T00:00:00"),
    ("Tue, 4 Mar 2023 5:9:6 GMT", "2023-03-04T05:09:06"),
    ("Tue, 14 March 2023 15:09:26 Z", "2023-03-14T15:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 M", "2023-03-14T15:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 XQZT", "2023-03-14T15:09:26"),
    ("Tue, 14 Mar 2023 23:59:60 GMT", "2023-03-14T23:59:59"),
    ("Tue, 14 Mar 2023 31:09:26 GMT", "2023-03-14T00:00:00"),
    # letters of zones
    ("Tue, 14 Mar 2023 15:09:26 EST", "2023-03-14T20:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 EDT", "2023-03-14T19:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 CST", "2023-03-14T21:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 CDT", "2023-03-14T20:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 MST", "2023-03-14T22:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 MDT", "2023-03-14T21:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 PST", "2023-03-14T23:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 PDT", "2023-03-14T22:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 AKST", "2023-03-15T00:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 HST", "2023-03-15T01:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 NST", "2023-03-14T18:39:26"),
    ("Tue, 14 Mar 2023 15:09:26 BRT", "2023-03-14T18:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 WET", "2023-03-14T15:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 WEST", "2023-03-14T14:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 BST", "2023-03-14T14:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 CET", "2023-03-14T14:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 CEST", "2023-03-14T13:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 MESZ", "2023-03-14T13:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 EET", "2023-03-14T13:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 EEST", "2023-03-14T12:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 SAST", "2023-03-14T13:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 MSK", "2023-03-14T12:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 PKT", "2023-03-14T10:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 IST", "2023-03-14T09:39:26"),
    ("Tue, 14 Mar 2023 15:09:26 WIB", "2023-03-14T08:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 SGT", "2023-03-14T07:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 HKT", "2023-03-14T07:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 JST", "2023-03-14T06:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 KST", "2023-03-14T06:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 ACST", "2023-03-14T05:39:26"),
    ("Tue, 14 Mar 2023 15:09:26 AEST", "2023-03-14T05:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 AEDT", "2023-03-14T04:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 NZST", "2023-03-14T03:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 NZDT", "2023-03-14T02:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 (PDT)", "2023-03-14T22:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 +0100 (EST)", "2023-03-14T14:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 UTC+2", "2023-03-14T13:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 GMT+02:00", "2023-03-14T13:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 GMT + 2", "2023-03-14T13:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 UTC-5:30", "2023-03-14T20:39:26"),
    ("Tue, 14 Mar 2023 15:09:26 +2", "2023-03-14T13:09:26"),
    ("Tue, 14 Mar 2023 15:09:26 -11", "2023-03-15T02:09:26"),
    # ISO 8601, RFC 3339, and databases
    ("2023-03-14T15:09:26Z", "2023-03-14T15:09:26"),
    ("2023-03-14t15:09:26z", "2023-03-14T15:09:26"),
    ("2023-03-14T15:09:26+01:00", "2023-03-14T14:09:26"),
    ("2023-03-14T15:09:26+0100", "2023-03-14T14:09:26"),
    ("2023-03-14T15:09:26+01", "2023-03-14T14:09:26"),
    ("2023-03-14T15:09:26.5358979Z", "2023-03-14T15:09:26"),
    ("2023-03-14T15:09:26,535+01:00", "2023-03-14T14:09:26"),
    ("2023-03-14T15:09Z", "2023-03-14T15:09:00"),
    ("2023-03-14T24:00:00Z", "2023-03-15T00:00:00"),
    ("2023-03-14T15:09:26 Z", "2023-03-14T15:09:26"),
    ("2023-03-14T15:09:26 +01:00", "2023-03-14T14:09:26"),
    ("2023-03-14 15:09:26 UTC", "2023-03-14T15:09:26"),
    ("2023-03-14 15:09:26 +0100", "2023-03-14T14:09:26"),
    ("2023-03-14 15:09:26.123+01", "2023-03-14T14:09:26"),
    ("2023-03-14 15:09:26", "2023-03-14T15:09:26"),
    ("2023-03-14 15:09", "2023-03-14T15:09:00"),
    ("2023-3-4 5:09:26", "2023-03-04T05:09:26"),
    ("2023-03-14T15:09:26EST", "2023-03-14T20:09:26"),
    ("2023-03-14T15:09:26+01:00[Europe/Paris]", "2023-03-14T14:09:26"),
    ("2023-03-14 15:09:26 Asia/Kolkata", "2023-03-14T09:39:26"),
    ("2023-07-14 15:09 ET", "2023-07-14T19:09:00"),
    ("2023-01-14 15:09 ET", "2023-01-14T20:09:00"),
    ("2023-03-14", "2023-03-14T00:00:00"),
    ("2023-03-14Z", "2023-03-14T00:00:00"),
    ("2023-03-14+01:00", "2023-03-13T23:00:00"),
    ("20230314T150926Z", "2023-03-14T15:09:26"),
    ("20230314150926", "2023-03-14T15:09:26"),
    ("202303141509", "2023-03-14T15:09:00"),
    ("20230314", "2023-03-14T00:00:00"),
    ("2023-W11-2", "2023-03-14T00:00:00"),
    ("2023-073", "2023-03-14T00:00:00"),
    ("2023-03", "2023-03-01T00:00:00"),
    ("2023", "2023-01-01T00:00:00"),
    ("Tue Mar 14 15:09:26 2023", "2023-03-14T15:09:26"),
    ("Tue Mar 14 15:09:26 EDT 2023", "2023-03-14T19:09:26"),
    ("Tue 14 Mar 15:09:26 GMT 2023", "2023-03-14T15:09:26"),
    ("Tue Mar 14 15:09:26 +0100 2023", "2023-03-14T14:09:26"),
    ("Tue Mar 14 2023 15:09:26 GMT+0100 (Central European Standard Time)", "2023-03-14T14:09:26"),
    ("14/Mar/2023:15:09:26 +0100", "2023-03-14T14:09:26"),
    # seconds since 1970, and thousandths
    ("1678806566", "2023-03-14T15:09:26"),
    ("1678806566.75", "2023-03-14T15:09:26"),
    ("1678806566123", "2023-03-14T15:09:26"),
    ("1678806566123456", "2023-03-14T15:09:26"),
    ("1.678806566E9", "2023-03-14T15:09:26"),
    # numbers that can be read in one way only
    ("2023/03/14 15:09", "2023-03-14T15:09:00"),
    ("2023.03.14", "2023-03-14T00:00:00"),
    ("2023. 3. 14.", "2023-03-14T00:00:00"),
    ("2023年3月14日", "2023-03-14T00:00:00"),
    ("2023年03月14日 15:09:26", "2023-03-14T15:09:26"),
    ("2023年3月14日（火）15時09分", "2023-03-14T15:09:00"),
    ("2023年3月14日 下午3:09", "2023-03-14T15:09:00"),
    ("2023年3月14日 午後0時9分", "2023-03-14T12:09:00"),
    ("2023년 3월 14일 오후 3:09", "2023-03-14T15:09:00"),
    ("2023 年 3 月 14 日星期二 15:09:26 GMT", "2023-03-14T15:09:26"),
    ("14/03/2023 15:09", "2023-03-14T15:09:00"),
    ("03/14/2023 03:09:26 PM", "2023-03-14T15:09:26"),
    ("14-03-2023", "2023-03-14T00:00:00"),
    ("03/14/23", "2023-03-14T00:00:00"),
    ("14.03.2023, 15:09 Uhr", "2023-03-14T15:09:00"),
    ("4.3.2023 klo 15.09", "2023-03-04T15:09:00"),
    ("4. 3. 2023", "2023-03-04T00:00:00"),
    ("04.03.23", "2023-03-04T00:00:00"),
    ("Sat, 04/03/2023", "2023-03-04T00:00:00"),
    ("Mon, 04/03/2023 - 15:09", "2023-04-03T15:09:00"),
    ("05/05/2023", "2023-05-05T00:00:00"),
    ("11/04/2026", "2026-04-11T00:00:00"),
    # people
    ("March 14, 2023 3:09 PM", "2023-03-14T15:09:00"),
    ("Mar. 14, 2023, 3:09 p.m. EST", "2023-03-14T20:09:00"),
    ("March 14th, 2023 at 3pm", "2023-03-14T15:00:00"),
    ("Tuesday 14th March 2023 12:09 AM", "2023-03-14T00:09:00"),
    ("Mar 14 2023 12:09PM", "2023-03-14T12:09:00"),
    ("the 14th of March, 2023", "2023-03-14T00:00:00"),
    ("14-Mar-2023", "2023-03-14T00:00:00"),
    ("March 2023", "2023-03-01T00:00:00"),
    ("15:09, 14 March 2023", "2023-03-14T15:09:00"),
    ("2023 Mar 14", "2023-03-14T00:00:00"),
    # … of many languages
    ("Dienstag, 14. März 2023 15:09 Uhr", "2023-03-14T15:09:00"),
    ("14. Jänner 2023", "2023-01-14T00:00:00"),
    ("Di, 14 Mrz 2023 15:09:26 +0100", "2023-03-14T14:09:26"),
    ("mardi 14 février 2023 à 15h09", "2023-02-14T15:09:00"),
    ("1er août 2023", "2023-08-01T00:00:00"),
    ("mar., 14 nov. 2023 15:09", "2023-11-14T15:09:00"),
    ("14 déc. 2023", "2023-12-14T00:00:00"),
    ("martes, 14 de marzo de 2023, 15:09 h", "2023-03-14T15:09:00"),
    ("Mar 14 ene 2023", "2023-01-14T00:00:00"),
    ("14 de septiembre del 2023", "2023-09-14T00:00:00"),
    ("martedì 14 giugno 2022", "2022-06-14T00:00:00"),
    ("mar, 14 lug 2023 15:09:26 +0200", "2023-07-14T13:09:26"),
    ("terça-feira, 14 de março de 2023", "2023-03-14T00:00:00"),
    ("Qua, 14 Out 2020 15:09:26 -0300", "2020-10-14T18:09:26"),
    ("dinsdag 14 maart 2023 15:09", "2023-03-14T15:09:00"),
    ("14 mrt. 2023", "2023-03-14T00:00:00"),
    ("14 mei 2023", "2023-05-14T00:00:00"),
    ("wtorek, 14 marca 2023", "2023-03-14T00:00:00"),
    ("14 października 2022", "2022-10-14T00:00:00"),
    ("14 listopada 2022", "2022-11-14T00:00:00"),
    ("вторник, 14 марта 2023 г., 15:09", "2023-03-14T15:09:00"),
    ("Вт, 14 мая 2024 15:09:26 +0300", "2024-05-14T12:09:26"),
    ("14 сент. 2023", "2023-09-14T00:00:00"),
    ("14 березня 2023 р.", "2023-03-14T00:00:00"),
    ("14 лютого 2023", "2023-02-14T00:00:00"),
    ("úterý 14. března 2023", "2023-03-14T00:00:00"),
    ("14. listopadu 2023", "2023-11-14T00:00:00"),
    ("14 maj 2023 kl. 15.09", "2023-05-14T15:09:00"),
    ("tirsdag den 14. marts 2023", "2023-03-14T00:00:00"),
    ("tirsdag 14. desember 2021", "2021-12-14T00:00:00"),
    ("tiistai 14. maaliskuuta 2023 klo 15.09", "2023-03-14T15:09:00"),
    ("14 Mart 2023 Salı", "2023-03-14T00:00:00"),
    ("14 Ağustos 2023", "2023-08-14T00:00:00"),
    ("14 ARALIK 2023", "2023-12-14T00:00:00"),
    ("Τρίτη, 14 Μαρτίου 2023", "2023-03-14T00:00:00"),
    ("Τρι, 14 Μάρ 2023 3:09 μ.μ.", "2023-03-14T15:09:00"),
    ("2023. március 14. 15:09", "2023-03-14T15:09:00"),
    ("14 martie 2023", "2023-03-14T00:00:00"),
    ("2023 m. kovo 14 d.", "2023-03-14T00:00:00"),
    ("2023. gada 14. marts", "2023-03-14T00:00:00"),
    ("14. märts 2023", "2023-03-14T00:00:00"),
    ("14 марта 2023", "2023-03-14T00:00:00"),
    ("14 d’octubre de 2023", "2023-10-14T00:00:00"),
    ("14 Agustus 2023", "2023-08-14T00:00:00"),
    ("١٤ مارس ٢٠٢٣", "2023-03-14T00:00:00"),
    ("14 Mar 2023", "2023-03-14T00:00:00"),
    # no date
    ("", None),
    ("nonsense", None),
    ("Invalid Date", None),
    ("yesterday", None),
    ("3 days ago", None),
    ("15:09", None),
    ("14 March", None),
    ("14 Mar 15:09", None),
    ("Mar 14, 3 PM", None),
    ("14 Mar 10 pm", None),
    ("March 14", None),
    ("14.03.", None),
    ("Tue, 32 Mar 2023 15:09:26 GMT", None),
    ("Tue, 14 Mar 2566 15:09:26 GMT", "2023-03-14T15:09:26"),  # of the Buddhist era
    ("2566-03-14T15:09:26+07:00", "2023-03-14T08:09:26"),
    ("14/03/2566", "2023-03-14T00:00:00"),
    ("2529-03-14", None),
    ("2640-03-14", None),
    ("Ti 14 Lok 2022 10:00:00 +0000", "2022-10-14T10:00:00"),  # Finnish, cut to three letters
    ("Ti 14 Tam 2022 10:00:00 +0000", "2022-01-14T10:00:00"),
    ("2023-02-30T00:00:00Z", None),
    ("2023-13-01", None),
    ("10.25.2022", None),
    ("04/03/2023", None),
    ("04-03-2023", None),
    ("04/03/09", None),
    ("0001-01-01T00:00:00Z", None),
    ("Mon, 01 Jan 0001 00:00:00 +0000", None),
    ("Wed, 30 Nov -0001 00:00:00 +0000", None),
    ("-0001-11-30T00:00:00+00:00", None),
    ("0000-00-00 00:00:00", None),
    ("1883", None),
    ("1883-03-14", None),
    ("1899-12-30T00:00:00Z", None),
    ("1970-01-01T00:00:00Z", None),
    ("Thu, 01 Jan 1970 00:00:00 +0000", None),
    ("Wed, 31 Dec 1969 19:00:00 EST", None),
    ("0", None),
    ("-62135596800", None),
    ("1980-01-01", None),
    ("9999-12-31T23:59:59Z", None),
    ("true", None),
    ("14 Mar 2023 " + "and so on " * 20, None),
    ("1" * 5000, None),
]


@pytest.mark.parametrize(("text", "wanted"), FORMS)
def test_C6_a_date_is_read_rightly_or_not_at_all(text: str, wanted: str | None) -> None:
    at = dates.read(text, SEEN)
    shown = None if at is None else datetime.fromtimestamp(at, UTC).isoformat().removesuffix("+00:00")
    assert shown == wanted


def test_C6_the_edges_of_what_is_a_date() -> None:
    later = dates.Habits(LATEST + 1)
    assert dates.read(str(EARLIEST), later) == EARLIEST
    assert dates.read(str(EARLIEST - 1), later) is None
    assert dates.read("2099-12-31T23:59:59Z", later) == LATEST - 1
    assert dates.read("2100-01-01T00:00:00Z", later) is None
    assert dates.read("2023-03-14T15:09:26+14:00", later) is not None
    assert dates.read("Tue, 14 Mar 2023 15:09:26 +1401", later) == dates.read("2023-03-14T15:09:26Z", later)
    assert dates.read("14 Mar 2023".ljust(MAX_LENGTH - 1) + "x", later) is not None
    assert dates.read("14 Mar 2023" + "x" * MAX_LENGTH, later) is None


@pytest.mark.parametrize("said", [1_678_806_566, 1_678_806_566.9, 1_678_806_566_123])
def test_numbers_count_from_1970(said: float) -> None:
    assert dates.read(said, SEEN) == 1_678_806_566


@pytest.mark.parametrize("said", [None, True, [], {}, float("nan"), float("inf"), -1, 10**400])
def test_what_is_no_text_is_no_date(said: object) -> None:
    assert dates.read(said, SEEN) is None


@pytest.mark.parametrize(
    ("others", "text", "wanted"),
    [
        (["25/12/2025"], "03/04/2026", "2026-04-03"),
        (["12/25/2025"], "03/04/2026", "2026-03-04"),
        (["25-12-2025"], "03/04/2026", "2026-04-03"),
        (["25/12/2025", "12/25/2025"], "03/04/2026", None),
        (["05/06/2025"], "03/04/2026", None),
        (["Sat, 05/07/2025"], "03/04/2026", "2026-04-03"),
        (["10/04/2026", "11/04/2026"], "03/04/2026", "2026-04-03"),  # October is still to come
        (["25.12.2025"], "03/04/2026", "2026-04-03"),
        (["2025-12-25"], "03/04/2026", None),
        (["12/25/2025"], "25/12/2025", "2025-12-25"),
    ],
)
def test_C6_the_other_dates_of_a_document_decide_what_one_leaves_open(
    others: list[str], text: str, wanted: str | None
) -> None:
    at = dates.read(text, dates.habits([*others, text], NOW))
    assert (at and datetime.fromtimestamp(at, UTC).date().isoformat()) == wanted


COM = "https://a.example/"


@pytest.mark.parametrize(
    ("others", "language", "site", "wanted"),
    [
        ([], None, COM, None),
        ([], "en", COM, None),
        ([], "en-US", COM, "2026-03-04"),
        ([], "en-US", "https://a.co.uk/", None),  # taken over from an example
        ([], "en-US", "https://a.example.us/", "2026-03-04"),
        ([], "en-GB", COM, "2026-04-03"),
        ([], "en-CA", COM, None),
        ([], "de", COM, "2026-04-03"),
        ([], "pt-BR", COM, "2026-04-03"),
        ([], "sr-Latn-RS", COM, "2026-04-03"),
        ([], "es-US", COM, None),
        ([], "ja", COM, None),
        (["12/25/2025"], "de", COM, "2026-03-04"),  # what it does says more than its language
        (["25/12/2025"], "en-US", COM, "2026-04-03"),
        (["25/12/2025", "12/25/2025"], "de", COM, None),
        (["05/06/2025"], "de", COM, "2026-04-03"),
    ],
)
def test_C6_the_language_of_a_feed_decides_what_its_dates_leave_open(
    others: list[str], language: str | None, site: str, wanted: str | None
) -> None:
    text = "03/04/2026"
    at = dates.read(text, dates.in_language(dates.habits([*others, text], NOW), language, site))
    assert (at and datetime.fromtimestamp(at, UTC).date().isoformat()) == wanted
    two = dates.read("03/04/26", dates.in_language(dates.habits(["03/04/26"], NOW), language, site))
    assert two is None, "a year of two digits may come first in any language"


def test_C6_a_document_is_read_in_its_language() -> None:
    for language, wanted in (("de-de", 1_775_174_400), ("en-us", 1_772_582_400), ("en", None)):
        items = "<item><title>A</title><pubDate>03/04/2026</pubDate></item>"
        (one,) = _parsed(
            f"<rss version='2.0'><channel><title>t</title><language>{language}</language>{items}</channel></rss>"
        )
        said = {"version": "https://jsonfeed.org/version/1.1", "language": language}
        (other,) = _parsed(json.dumps({**said, "items": [{"id": 1, "date_published": "03/04/2026"}]}))
        assert one.published == other.published == wanted, language


def _parsed(body: str) -> tuple[Entry, ...]:
    parsed = parse(
        Source("s", url="https://a.example/feed"),
        FetchResult("https://a.example/feed", NOW, 200, body=body.encode()),
        Limits(),
    )
    assert parsed.failure is None, parsed.failure
    return parsed.entries


def _rss(*items: str) -> str:
    names = "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:dcterms='http://purl.org/dc/terms/' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:prism='http://prismstandard.org/namespaces/1.2/basic/' xmlns:x='urn:x'"
    inner = "".join(f"<item><title>t{number}</title>{item}</item>" for number, item in enumerate(items))
    return f"<rss version='2.0' {names}><channel><title>T</title>{inner}</channel></rss>"


ZERO, GOOD = "0001-01-01T00:00:00Z", "2025-03-14T15:09:26Z"
AT = 1_741_964_966


@pytest.mark.parametrize(
    "item",
    [
        f"<pubDate>{GOOD}</pubDate>",
        f"<PUBDATE>{GOOD}</PUBDATE>",
        f"<pubDate>{ZERO}</pubDate><dc:date>{GOOD}</dc:date>",
        f"<dc:date>{GOOD}</dc:date><pubDate>{ZERO}</pubDate>",
        f"<pubDate>{GOOD}</pubDate><pubDate>{ZERO}</pubDate>",
        f"<pubDate/><dcterms:modified>{GOOD}</dcterms:modified>",
        f"<dcterms:issued>1883</dcterms:issued><atom:updated>{GOOD}</atom:updated>",
        f"<pubDate>2024</pubDate><dcterms:created>{GOOD}</dcterms:created>",
        f"<prism:publicationDate>{GOOD}</prism:publicationDate>",
        f"<atom:published>{GOOD}</atom:published>",
        f"<date>{GOOD}</date>",
        f"<pubDate>{GOOD}</pubDate><x:film><pubDate>2020-01-01</pubDate></x:film>",
        f"<x:film a='1'><pubDate>2020-01-01</pubDate><updated>2020-01-01</updated></x:film><pubDate>{GOOD}</pubDate>",
        f"<source url='https://b.example/'><updated>2020-01-01T00:00:00Z</updated></source><pubDate>{GOOD}</pubDate>",
        f"<description><div>unescaped<br></div></description><pubDate>{GOOD}</pubDate>",
        f"<dc:date>{GOOD}</dc:date><dcterms:modified>2025-04-01T00:00:00Z</dcterms:modified>",
    ],
)
def test_C6_the_best_date_of_an_items_own_counts(item: str) -> None:
    (entry,) = _parsed(_rss(item))
    assert entry.published == AT


@pytest.mark.parametrize(
    "item",
    [
        "",
        f"<pubDate>{ZERO}</pubDate>",
        "<pubDate>04/03/2025</pubDate>",
        f"<x:film><pubDate>{GOOD}</pubDate></x:film>",
        f"<x:film a='1'><pubDate>{GOOD}</pubDate></x:film>",
    ],
)
def test_C6_without_a_date_of_its_own_an_item_has_none(item: str) -> None:
    (entry,) = _parsed(_rss(item))
    assert entry.published is None


def test_C6_documents_decide_about_their_own_order_in_every_format() -> None:
    said = ["25/12/2024", "03/04/2025"]
    entries = [
        _parsed(_rss(*(f"<pubDate><![CDATA[{date} 10:00]]></pubDate>" for date in said)))[1],
        _parsed(_rss(*(f"<dc:date>Posted {date}</dc:date>" for date in said)))[1],
        _parsed(
            json.dumps(
                {
                    "version": "https://jsonfeed.org/version/1.1",
                    "title": "T",
                    "items": [{"id": date, "content_text": date, "date_published": date} for date in said],
                }
            )
        )[1],
    ]
    shown = [entry.published and datetime.fromtimestamp(entry.published, UTC).date() for entry in entries]
    assert [str(day) for day in shown] == ["2025-04-03"] * 3


def test_C6_json_atom_and_rdf_as_rss() -> None:
    atom = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>urn:x:1</id><title>a</title>
      <published>{ZERO}</published><updated>Fri, 14 Mar 2025 15:09:26 GMT</updated></entry></feed>"""
    rdf = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel rdf:about="https://a.example/"><title>T</title></channel><item rdf:about="https://a.example/1"><title>a</title><dc:date>{GOOD}</dc:date></item></rdf:RDF>"""
    numbered = {"id": "1", "content_text": "a", "date_published": AT}
    modified = {"id": "2", "content_text": "b", "date_published": ZERO, "date_modified": GOOD}
    feed = {"version": "https://jsonfeed.org/version/1", "title": "T", "items": [numbered, modified]}
    found = [entry.published for body in (atom, rdf, json.dumps(feed)) for entry in _parsed(body)]
    assert found == [AT] * 4


_LAYOUTS = [
    "%a, %d %b %Y %H:%M:%S {zone}",
    "%d %B %Y %H:%M:%S {zone}",
    "%A, %d-%b-%y %H:%M:%S {zone}",
    "%Y-%m-%dT%H:%M:%S{zone}",
    "%Y-%m-%d %H:%M:%S {zone}",
    "%Y/%m/%d %H:%M:%S {zone}",
    "%Y%m%dT%H%M%S{zone}",
    "%a %b %d %H:%M:%S {zone} %Y",
    "%a %b %d %Y %H:%M:%S {zone} (somewhere)",
    "%B %d, %Y %I:%M:%S %p {zone}",
    "%d.%m.%Y %H:%M:%S {zone}",
    "%Y年%m月%d日 %H:%M:%S {zone}",
    "%A %d/%m/%Y, %H:%M:%S {zone}",
    "%d/%b/%Y:%H:%M:%S {zone}",
    "%Y. %m. %d. %I:%M:%S %p {zone}",
    "%Y-%jT%H:%M:%S{zone}",
]
_ZONES = {
    "+0000": 0,
    "-0800": -480,
    "+05:30": 330,
    "Z": 0,
    "UTC": 0,
    "EST": -300,
    "CEST": 120,
    "JST": 540,
    "+13:00": 780,
}


@given(
    st.integers(EARLIEST + dates.DAY, NOW - dates.DAY),
    st.sampled_from(_LAYOUTS),
    st.sampled_from(sorted(_ZONES)),
)
def test_C6_however_an_instant_is_written_it_reads_back(at: int, layout: str, zone: str) -> None:
    local = datetime.fromtimestamp(at, timezone(timedelta(minutes=_ZONES[zone])))
    text = local.strftime(layout).replace("{zone}", zone)
    if "/%m/" in layout and dates.read(text, SEEN) is None:
        swapped = local.replace(month=local.day, day=local.month)  # both days are of this weekday
        assert swapped.weekday() == local.weekday()
        return
    assert dates.read(text, SEEN) == at


@given(st.integers(EARLIEST, NOW), st.sampled_from([1, 1000, 10**6, 10**9]))
def test_seconds_since_1970_read_back(at: int, scale: int) -> None:
    assert dates.read(str(at * scale), SEEN) == at


_BITS = [
    "14",
    "3",
    "2023",
    "23",
    "99",
    "03",
    ".",
    "/",
    "-",
    ":",
    " ",
    ", ",
    "Mar",
    "mars",
    "Tue",
    "T",
    "Z",
    "+",
    "02:00",
    "15:09",
    "pm",
    "年",
    "月",
    "日",
    "h",
    "E",
    "٣",
    "İ",
    "\x00",
    "1" * 30,
]


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(_BITS), max_size=14).map("".join)))
def test_C6_no_text_breaks_the_reader_and_no_date_is_out_of_range(text: str) -> None:
    at = dates.read(text, dates.habits([text], NOW))
    assert at is None or EARLIEST <= at <= NOW
    assert at is None or any(sign.isdecimal() for sign in text), "nothing is filled up from today's date"


@pytest.mark.parametrize(
    ("said", "unread"),
    [
        *((said, "") for said in (
            "2026-11-01", "2026-11", "20261101", "2026-W45-1", "2026-305", "1793500000", "2026-11-01 14:30",
            "2026-11-01 23:59:59", "2026-11-01 24:00", "2026-11-01T14:30:00.123Z", "2026-11-01 14:30 +0100",
            "2026-11-01 14:30 (UTC+1)", "2026-11-01 14:30 Europe/Rome", "Mon, 2 Nov 2026 14:30:00 GMT",
            "Nov 2, 2026 at 2:30 pm", "2026-11-01 CET", "Sunday 2026-11-01", "2026-11-01 9.30 uhr", "soon",
        )),
        ("2026-11-01 25:00", "25:00"),
        ("2026-11-01 14:60", "14:60"),
        ("20261101T2500", "2500"),
        ("2026-11-01 24:01", "24:01"),
        ("2026-11-01 noon", "noon"),
        ("2026-11-01 14:30+99:00", "99:00"),
        ("2026-11-01 14:30 CET 9", "9"),
    ],
)  # fmt: skip
def test_what_a_date_says_beside_itself_is_told(said: str, unread: str) -> None:
    assert dates.unread(said, dates.Habits(1_800_000_000)) == unread


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (["2023-03-14", "2023-03-14T15:09:26Z"], "2023-03-14T15:09:26"),
        (["2023-03-14", "2023-03-14T23:59:59Z"], "2023-03-14T23:59:59"),
        (["2023-03-14", "2023-03-15T00:00:00Z"], "2023-03-14T00:00:00"),
        (["2023-03-14", "2023-03-13T23:59:59Z"], "2023-03-14T00:00:00"),
        (["2023-03-14T01:00:00Z", "2023-03-14T15:09:26Z"], "2023-03-14T01:00:00"),
        (["March 2023", "2023-03-14", "2023"], "2023-03-14T00:00:00"),
        (["nonsense"], None),
    ],
)
def test_C6_of_several_dates_a_day_gives_way_to_a_time_of_it(said: list[str], wanted: str | None) -> None:
    found = dates.first(said, SEEN)
    assert (found is None) == (wanted is None)
    assert wanted is None or found == datetime.fromisoformat(wanted + "+00:00").timestamp()
