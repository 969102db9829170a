"""What header fields mean for a poller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import headers
from aggregator.fetch import Trail, follow
from aggregator.model import Limits, Request
from tests.helpers import NOW

RETRY_CAP = 30 * 86_400

DAY = 86_400
AT = "Wed, 01 Jan 2025 00:00:00 GMT"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"cache-control": "max-age=7200"}, 7200),
        ({"cache-control": "public, max-age=7200", "age": "600"}, 6600),
        ({"cache-control": "max-age=99999999"}, DAY),
        ({"cache-control": 'MAX-AGE = "60"'}, 60),
        ({"cache-control": "max-age=soon"}, 0),
        ({"cache-control": "max-age=-5"}, 0),
        ({"cache-control": "max-age=60", "age": "90"}, 0),
        ({"cache-control": "max-age=3600", "age": "old"}, 3600),
        ({"cache-control": "max-age=" + "9" * 500}, DAY),
        ({"cache-control": "max-age=60, max-age=9000"}, 60),
        ({"cache-control": "s-maxage=9000"}, None),
        ({"cache-control": "=,,;max-age"}, None),
        ({"expires": "Wed, 01 Jan 2025 02:00:00 GMT", "date": AT}, 7200),
        ({"expires": "Wed, 01 Jan 2025 02:00:00 GMT", "date": AT, "age": "3600"}, 3600),
        ({"expires": "0"}, 0),
        ({"expires": "-1", "date": "x"}, 0),
        ({"expires": "Wed, 01 Jan 2025 02:00:00", "date": "Wed, 01 Jan 2025 00:00:00 -0000"}, 7200),
        ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, DAY),
        ({"expires": AT}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": "private"}, None),
        ({}, None),
    ],
)
def test_P8_freshness(said: dict[str, str], wanted: int | None) -> None:
    assert headers.freshness(said, NOW) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 120 "}, 120),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "1.5"}, 2),
        ({"retry-after": "3600.0"}, 3600),
        ({"retry-after": "1.5.5"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "9" * 400 + ".5"}, RETRY_CAP),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 400}, RETRY_CAP),
        ({"retry-after": AT}, None),
        ({"retry-after": "Wed, 01 Jan 2025 01:00:00 GMT", "date": AT}, 3600),
        ({}, None),
        ({"retry-after": ""}, None),
        ({"x-ratelimit-reset": "90"}, 90),
        ({"x-ratelimit-reset": str(NOW + 90)}, 90),
        ({"x-ratelimit-reset": str((NOW + 90) * 1000)}, 90),
        ({"x-ratelimit-reset": "90", "x-ratelimit-remaining": "7"}, None),
        ({"x-ratelimit-reset": "90", "x-ratelimit-remaining": "0.0"}, 90),
        ({"x-ratelimit-reset": "x"}, None),
        ({"ratelimit-reset": "30", "retry-after": "60"}, 60),
        ({"ratelimit-reset": "60", "retry-after": "30"}, 60),
        ({"x-ratelimit-reset": AT, "x-ratelimit-remaining": "0"}, None),  # long ago
        ({"ratelimit": '"day";r=0;t=30'}, 30),
        ({"ratelimit": '"day";r=0'}, None),
    ],
)
def test_P9_retry_after_in_both_forms_and_quotas(said: dict[str, str], wanted: int | None) -> None:
    assert headers.retry_after(said, NOW) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "90"}, 90),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "90.5"}, 90),
        ({"x-ratelimit-remaining": "0.5", "x-ratelimit-reset": "90"}, None),
        ({"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "90"}, None),  # for some: without end
        ({"x-ratelimit-remaining": "unlimited", "x-ratelimit-reset": "90"}, None),
        ({"x-ratelimit-reset": "90"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "90"}, None),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "90"}, 90),
        ({"ratelimit-limit": "9, 9;w=60", "ratelimit-remaining": "0", "ratelimit-reset": "90"}, 90),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-09-21T14:14:50Z"}, 90),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "Mon, 21 Sep 2026 14:14:50 GMT"}, 90),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 14}, RETRY_CAP),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 1),
        ({"ratelimit": "limit=9, remaining=0, reset=90"}, 90),
        ({"ratelimit": "limit=9, remaining=1, reset=90"}, None),
        ({"ratelimit": '"day";r=0;t=90'}, 90),
        ({"ratelimit": '"day";r=1;t=90, "hour";r=0;t=30'}, 30),
        ({"ratelimit": '"day";r=0;t=90, "hour";r=0;t=30'}, 90),
        ({"ratelimit": '"r=0;t=90";r=1;t=90'}, None),
        ({"ratelimit": '"day";t=90'}, None),
        ({"ratelimit": "nonsense"}, None),
        ({"ratelimit": '"a";r=0;t=30', "x-ratelimit-remaining": "0", "x-ratelimit-reset": "90"}, 90),
    ],
)
def test_P9_a_quota_that_is_used_up_is_waited_for(said: dict[str, str], wanted: int | None) -> None:
    assert headers.quota(said, NOW, unsaid=1) == wanted


def test_P9_retry_after_as_a_date_of_our_clock() -> None:
    assert headers.retry_after({"retry-after": "Mon, 21 Sep 2026 14:13:20 GMT"}, 1_790_000_000 - 0) in (
        None,
        headers.date("Mon, 21 Sep 2026 14:13:20 GMT"),
    )
    at = headers.date(AT)
    assert at == 1_735_689_600 and headers.retry_after({"retry-after": AT}, at - 500) == 500


@pytest.mark.parametrize(
    "text",
    [
        AT,
        "Wednesday, 01-Jan-25 00:00:00 GMT",
        "Wed Jan  1 00:00:00 2025",
        "Wed, 01 Jan 2025 00:00:00",
        "Wed, 01 Jan 2025 02:00:00 +0200",
    ],
)
def test_dates_in_all_forms(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert headers.date(text) == 1_735_689_600
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ('"a"', True),
        ('W/"caf\u00e9"', True),
        ("yesterday-ish", True),
        ("", False),
        (None, False),
        ("a\r\n b", False),
        ("a\x00", False),
        ("x" * 9000, False),
    ],
)
def test_P2_S21_a_validator_that_would_break_a_header_is_none(value: str | None, sent: bool) -> None:
    assert headers.validator(value) == (value if sent else None)


def test_lines_of_one_field_are_one_list() -> None:
    assert dict(
        headers.joined(
            [("ETag", "1"), ("Cache-Control", "no-transform"), ("etag", "2"), ("cache-control", "max-age=60")]
        )
    ) == {"etag": "1", "cache-control": "no-transform, max-age=60"}


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "cache-control",
                "age",
                "expires",
                "date",
                "retry-after",
                "x-ratelimit-reset",
                "x-ratelimit-remaining",
            ]
        ),
        st.text(max_size=40),
    ),
    st.integers(0, 2**33),
)
def test_P8_P9_rubbish_does_nothing(said: dict[str, str], at: int) -> None:
    assert 0 <= (headers.freshness(said, at) or 0) <= DAY
    assert 0 < (headers.retry_after(said, at) or 1) <= RETRY_CAP


def test_what_we_send_ourselves_no_source_may_set_but_who_asks_and_for_what() -> None:
    request = Request("https://a.example/feed", etag='"1"', last_modified=AT)
    sent = follow._headers(request, Trail(request.url), "", Limits())
    assert {name.lower() for name in sent} - {"user-agent", "accept"} <= headers.OURS
