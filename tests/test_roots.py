"""What words are compared by in another text."""

from __future__ import annotations

import pytest

from aggregator import cluster
from aggregator.text import roots, vocabulary
from aggregator.text.words import words


@pytest.mark.parametrize(
    ("spoken", "forms", "same"),
    [
        ("ru", "Казань Казани Казанью", True),
        ("ru", "российский российская российского", True),
        ("ru", "Москва Москве Москвой Москвы", True),
        ("uk", "Полтава Полтаві Полтавою", True),
        ("el", "Λάρισα Λάρισας", True),
        ("ko", "아파트 아파트에서 아파트서 아파트를", True),
        ("ar", "المدينة والمدينة بالمدينة مدينة", True),
        ("ru", "мама мам", True),  # ROOT
        ("ru", "яма ям", False),
        ("ko", "서울 서울에", True),  # two syllables
        ("ko", "도서 도", False),
        ("ar", "البيت بيت", True),  # three letters
        ("ar", "الان ان", False),
        ("ru", "Reuters Reutera", False),  # of another script
        ("en", "mention mentioning", True),  # as its stems
        ("en", "marina marine", False),
    ],
)
def test_a_word_without_what_changes_in_a_sentence(spoken: str, forms: str, same: bool) -> None:
    found = {roots.roots(spoken)[word] for word in words(forms)}
    assert (len(found) == 1) is same, found


def test_a_root_is_as_common_as_all_that_have_it() -> None:
    said = [share for stem, share in vocabulary.shares("ru").items() if roots.roots("ru")[stem] == "россииск"]
    assert len(said) > 1 and max(said) < roots.shares("ru")["россииск"] < sum(said)
    assert roots.shares("en") is vocabulary.shares("en")


def test_months_say_when_in_any_case() -> None:
    date = [roots.roots("ru")[word] for word in words("10 ноября")]
    assert not cluster.says_what(date, ["ru"])
    assert cluster.says_what([*date, "выборг"], ["ru"])
    assert roots.calendar("en") is vocabulary.calendar()


def test_two_headlines_of_one_happening_share_its_words_in_any_case() -> None:
    one, other = (
        cluster.terms(words(title), (), "ru")
        for title in ("Пожар на складе в Казани", "Сгорел склад: Казань")
    )
    assert len(one.keys() & other.keys()) == 2
