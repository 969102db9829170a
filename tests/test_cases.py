"""Two cases of one template: what must never be one event, and what may be."""

from __future__ import annotations

import pytest

from aggregator.dedupe import Between, Case, decide, fingerprint
from aggregator.dedupe import another_case as which_case
from aggregator.dedupe.fingerprints import Fingerprint
from aggregator.dedupe.headline import OTHER_WORDS
from aggregator.dedupe.particulars import tells_a_day
from aggregator.model import Reason
from aggregator.text import vocabulary

DECK = "Every morning our reporters bring you the five things that matter, from markets to the weather, in a minute."
DECK_DE = "Jeden Morgen fassen wir für Sie zusammen, worüber die Region spricht, kurz und verständlich in zwei Minuten."
DECK_NL = "Elke ochtend brengt onze redactie in een paar minuten het belangrijkste, van politiek tot cultuur en sport."

ONE, TWO = True, False  # sources


def another_case(a: Fingerprint, b: Fingerprint, between: Between, decided: Reason | None = None) -> bool:
    """However sure it is."""
    return which_case(a, b, between, decided) is not Case.NO


CASES = [
    (
        "en, frame of a source",
        ONE,
        ("Letters: potholes and patience", ""),
        ("Letters: library fines and tariffs", ""),
    ),
    (
        "fr, frame of a source",
        ONE,
        ("Le portrait du jour : Maëlle Quéré, apicultrice à Lorvan", ""),
        ("Le portrait du jour : Bastien Hoarau, luthier à Mirecourt", ""),
    ),
    (
        "pt, frame of a source",
        ONE,
        ("Previsão do tempo para Vilamonte nesta quinta", ""),
        ("Previsão do tempo para Serra Alvão nesta quinta", ""),
    ),
    (
        "es, frame of a source",
        ONE,
        ("Horóscopo de hoy: Tauro y el dinero", ""),
        ("Horóscopo de hoy: Piscis y la salud", ""),
    ),
    (
        "de, frame of a source",
        ONE,
        ("Polizeibericht Altenmoor: Fahrrad gestohlen", ""),
        ("Polizeibericht Altenmoor: Scheune brennt", ""),
    ),
    (
        "pl, frame of a source",
        ONE,
        ("Kronika policyjna: kradzież roweru w Lipowcu", ""),
        ("Kronika policyjna: pożar stodoły w Brzezinach", ""),
    ),
    (
        "ru, frame of a source",
        ONE,
        ("Погода в Заречье на выходные", ""),
        ("Погода в Луговске на выходные", ""),
    ),
    ("tr, frame of a source", ONE, ("Günün sözü: sabır üzerine", ""), ("Günün sözü: dostluk üzerine", "")),
    (
        "it, frame of a source",
        ONE,
        ("Oroscopo: Leone fortunato in amore", ""),
        ("Oroscopo: Vergine stanca al lavoro", ""),
    ),
    (
        "en, other tolls of another place",
        TWO,
        ("Bus crash in Corvell: 12 dead, 20 injured", ""),
        ("Bus crash in Brannock: 14 dead, 21 injured", ""),
    ),
    ("ja, frame of a source", ONE, ("【今日の運勢】おひつじ座", ""), ("【今日の運勢】みずがめ座", "")),
    (
        "en, one court, two outlets",
        TWO,
        ("Brannock County Court jails embezzling harbourmaster", ""),
        ("Brannock County Court acquits veteran surgeon", ""),
    ),
    (
        "hi, one court, two outlets",
        TWO,
        ("सुप्रीम कोर्ट ने खनन पट्टों की नीलामी रोकी", ""),
        ("सुप्रीम कोर्ट ने विधवा की पेंशन बहाल की", ""),
    ),
    (
        "ar, one court, two outlets",
        TWO,
        ("محكمة الاستئناف تلغي قرار إغلاق المصنع", ""),
        ("محكمة الاستئناف تؤيد سجن الطبيب", ""),
    ),
    (
        "id, one court, two outlets",
        TWO,
        ("Pengadilan Negeri Sukamaju vonis bendahara koperasi", ""),
        ("Pengadilan Negeri Sukamaju bebaskan pemilik tambang", ""),
    ),
    (
        "es, one court, two outlets",
        TWO,
        ("La Audiencia de Montalbo absuelve a dos ganaderos trashumantes", ""),
        ("La Audiencia de Montalbo encarcela al farmacéutico", ""),
    ),
    (
        "ko, one court, two outlets",
        TWO,
        ("대법원, 어업 보상금 소송 기각", ""),
        ("대법원, 병원장 징역형 확정", ""),
    ),
    (
        "hi, another town",
        TWO,
        ("बारिश के कारण रामपुर में सभी स्कूल कल बंद रहेंगे", ""),
        ("बारिश के कारण सीतापुर में सभी स्कूल कल बंद रहेंगे", ""),
    ),
    (
        "fa, another town",
        TWO,
        ("قیمت امروز سکه در بازار تهران اعلام شد", ""),
        ("قیمت امروز سکه در بازار مشهد اعلام شد", ""),
    ),
    (
        "ar, another town",
        TWO,
        ("انقطاع المياه عن مدينة الزهراء لمدة يومين بسبب أعمال الصيانة", ""),
        ("انقطاع المياه عن مدينة المنصورة لمدة يومين بسبب أعمال الصيانة", ""),
    ),
    (
        "he, another crossing",
        TWO,
        ("תאונת דרכים בצומת אלונים: שלושה פצועים קל", ""),
        ("תאונת דרכים בצומת גולני: שלושה פצועים קל", ""),
    ),
    (
        "te, another town",
        TWO,
        ("వర్షాల వల్ల రామాపురం పాఠశాలలకు రేపు సెలవు ప్రకటించారు", ""),
        ("వర్షాల వల్ల సీతాపురం పాఠశాలలకు రేపు సెలవు ప్రకటించారు", ""),
    ),
    (
        "ko, another town",
        TWO,
        ("폭우로 은하시 전체 초등학교 내일 하루 휴교 결정", ""),
        ("폭우로 새벽시 전체 초등학교 내일 하루 휴교 결정", ""),
    ),
    (
        "zh, another town",
        TWO,
        ("台风逼近 海陵市明日全市中小学停课一天", ""),
        ("台风逼近 江宁市明日全市中小学停课一天", ""),
    ),
    (
        "ja, another line",
        TWO,
        ("大雨の影響で青葉線は始発から運転見合わせ", ""),
        ("大雨の影響で若葉線は始発から運転見合わせ", ""),
    ),
    (
        "en, two measurements, two outlets",
        TWO,
        ("Weather in Oskby: 22 degrees, sunny", ""),
        ("Weather in Ferrol: 19 degrees, showers", ""),
    ),
    (
        "en, a name of two words",
        TWO,
        ("Weather in Ferrol Bay: 22 degrees, sunny", ""),
        ("Weather in Minder: 19 degrees, light showers", ""),
    ),
    (
        "de, two measurements, two outlets",
        TWO,
        ("Wetter in Altenmoor: 12 Grad, Regen", ""),
        ("Wetter in Lipow: 4 Grad, Schnee", ""),
    ),
    (
        "es, two measurements, two outlets",
        TWO,
        ("El tiempo en Montalbo: 31 grados y sol", ""),
        ("El tiempo en Vilamonte: 17 grados y lluvia", ""),
    ),
    (
        "fr, two measurements, two outlets",
        TWO,
        ("Météo à Lorvan : 22 degrés et soleil", ""),
        ("Météo à Roubec : 14 degrés et averses", ""),
    ),
    (
        "en, results of two companies",
        TWO,
        ("Earnings: Corvell beats estimates with 3 billion revenue", ""),
        ("Earnings: Brannock misses estimates with 2 billion revenue", ""),
    ),
    ("en, standing text", TWO, ("Tariffs bite at the docks", DECK), ("A cellist retires", DECK)),
    ("de, standing text", TWO, ("Streit um die Fähre", DECK_DE), ("Neue Orgel eingeweiht", DECK_DE)),
    ("nl, standing text", TWO, ("Brug blijft dicht", DECK_NL), ("Schaatser wint goud", DECK_NL)),
]
NEWS = [
    (
        "en, a toll rises",
        TWO,
        ("Mudslide above Corvell kills four", ""),
        ("Mudslide above Corvell kills eleven", ""),
    ),
    (
        "pt, a toll rises",
        TWO,
        ("Incêndio em fábrica de Serra Alvão: dois mortos", ""),
        ("Incêndio em fábrica de Serra Alvão: cinco mortos", ""),
    ),
    (
        "de, a toll rises",
        TWO,
        ("Lawine am Hohen Riffel: zwei Tote", ""),
        ("Lawine am Hohen Riffel: fünf Tote", ""),
    ),
    (
        "ru, a toll rises",
        TWO,
        ("Обвал шахты в Заречье: трое погибших", ""),
        ("Обвал шахты в Заречье: семеро погибших", ""),
    ),
    ("ja, a toll rises", TWO, ("青葉町の土砂崩れ、3人死亡", ""), ("青葉町の土砂崩れ、7人死亡", "")),
    ("zh, a toll rises", TWO, ("海陵市工厂爆炸 已致3人死亡", ""), ("海陵市工厂爆炸 已致11人死亡", "")),
    ("ko, a toll rises", TWO, ("은하시 공장 화재로 3명 사망", ""), ("은하시 공장 화재로 9명 사망", "")),
    ("hi, a toll rises", TWO, ("रामपुर में पुल गिरा, 4 लोगों की मौत", ""), ("रामपुर में पुल गिरा, 9 लोगों की मौत", "")),
    ("te, a toll rises", TWO, ("రామాపురం వంతెన కూలి 3 మంది మృతి", ""), ("రామాపురం వంతెన కూలి 8 మంది మృతి", "")),
    ("th, a toll rises", TWO, ("ไฟไหม้โรงงานที่บางนา เสียชีวิต 3 ราย", ""), ("ไฟไหม้โรงงานที่บางนา เสียชีวิต 8 ราย", "")),
    (
        "ar, a toll rises",
        TWO,
        ("انهيار مبنى في الزهراء ومقتل 3 أشخاص", ""),
        ("انهيار مبنى في الزهراء ومقتل 8 أشخاص", ""),
    ),
    ("fa, a toll rises", TWO, ("ریزش معدن در طبس 4 کشته داد", ""), ("ریزش معدن در طبس 9 کشته داد", "")),
    ("he, a toll rises", TWO, ("שריפה במפעל באלונים: 3 הרוגים", ""), ("שריפה במפעל באלונים: 8 הרוגים", "")),
    (
        "en, a number that both have",
        TWO,
        ("Fire in Corvell: 12 dead, market destroyed", ""),
        ("Fire in Brannock: 12 dead, shops burnt", ""),
    ),
    (
        "en, nothing measured",
        TWO,
        ("Elephants can gauge threat from human voices", ""),
        ("Elephants can judge danger from human languages", ""),
    ),
    (
        "en, one goes on where the other ends",
        TWO,
        ("Fire in Corvell: 12 dead, market destroyed", ""),
        ("Fire in Brannock: 14 dead", ""),
    ),
    ("en, a toll is known", ONE, ("Mudslide above Corvell", ""), ("Mudslide above Corvell kills four", "")),
    (
        "en, a light edit",
        TWO,
        ("Ferry runs aground off Corvell in thick fog", ""),
        ("Ferry runs aground off Corvell in fog", ""),
    ),
    (
        "fr, a light edit",
        TWO,
        ("Le pont de Roubec rouvre à la circulation après deux ans de travaux", ""),
        ("Le pont de Roubec rouvre à la circulation", ""),
    ),
    (
        "en, two outlets' own words",
        TWO,
        (
            "Corvell ferry sinks, crew rescued",
            "The ferry Marianne sank in the harbour of Corvell early on Friday; a tug took off the crew of nine.",
        ),
        (
            "Corvell ferry sinks after collision",
            "Nine sailors were taken off the ferry Marianne by a tug before it went down in the harbour of Corvell.",
        ),
    ),
    (
        "en, one ruling, with bodies",
        TWO,
        (
            "Brannock County Court jails embezzling harbourmaster",
            "The man who kept the books of the harbour goes to prison for six years, the court said.",
        ),
        (
            "Brannock County Court sends treasurer to prison",
            "Six years for the former harbourmaster, who took fees of foreign trawlers for himself.",
        ),
    ),
    (
        "en, a follow-up",
        ONE,
        ("Corvell ferry: captain arrested after sinking", ""),
        ("Corvell ferry: inquiry into sinking opens", ""),
    ),
    (
        "es, a follow-up",
        TWO,
        ("Explosión en Montalbo: detenido el dueño del taller", ""),
        ("Explosión en Montalbo: el dueño del taller declara", ""),
    ),
    (
        "it, a follow-up",
        ONE,
        ("Frana di Corvell, indagato il geologo Bassi", ""),
        ("Frana di Corvell, il geologo Bassi nega tutto", ""),
    ),
    (
        "ko, a follow-up",
        TWO,
        ("은하시 붕괴 사고, 시공사 대표 구속", ""),
        ("은하시 붕괴 사고, 구속된 시공사 대표 첫 사과", ""),
    ),
    ("en, two things", TWO, ("Museum opens a new wing", ""), ("Central bank holds rates", "")),
]
Item = tuple[str, str]


@pytest.mark.parametrize(
    ("name", "one_source", "a", "b", "expected"),
    [(*case, True) for case in CASES] + [(*case, False) for case in NEWS],
)
def test_another_case_of_a_template(name: str, one_source: bool, a: Item, b: Item, expected: bool) -> None:
    one, other = fingerprint(*a, language=name[:2]), fingerprint(*b, language=name[:2])
    for pair in ((one, other), (other, one)):
        assert another_case(*pair, Between(one_source)) is expected, name
        known = decide(*pair, Between(one_source))
        assert another_case(*pair, Between(one_source), known) is expected, (
            "what is known need not be decided"
        )


def test_a_copy_is_no_other_case() -> None:
    letters = fingerprint("Letters: potholes and patience", "")
    others = fingerprint("Letters: library fines and tariffs", "")
    assert another_case(letters, others, Between(True))
    assert not another_case(letters, others, Between(True), Reason("text", 1, 1.0, 0.6))


UNDECIDED = Reason(None, None, 0.0, 0.6)
REPLACED = Reason(None, None, 0.0, 0.6, ((OTHER_WORDS, "one stands where the other has another"),))


def body(size: int, changed: int = 0) -> str:
    """So many words, the last of them others."""
    found = [f"word{place}" for place in range(size - changed)] + [
        f"other{place}" for place in range(changed)
    ]
    return " ".join(found)


@pytest.mark.parametrize(("changed", "expected"), [(1, False), (2, True)])
def test_STANDS_a_source_that_tells_one_text_twice_has_no_frame(changed: int, expected: bool) -> None:
    """Of ten phrases of three words, nine are the same, or eight."""
    one = fingerprint("Letters: potholes and patience", body(12), language="en")
    other = fingerprint("Letters: quilts and tariffs", body(12, changed), language="en")
    assert another_case(one, other, Between(True), UNDECIDED) is expected


@pytest.mark.parametrize(("changed", "expected"), [(1, True), (2, False)])
def test_STANDS_one_text_under_two_titles(changed: int, expected: bool) -> None:
    one = fingerprint("Tariffs bite hard", body(12), language="en")
    other = fingerprint("A cellist retires", body(12, changed), language="en")
    assert another_case(one, other, Between(), REPLACED) is expected
    assert another_case(one, other, Between(), UNDECIDED) is False, "they have to be known as two"


@pytest.mark.parametrize(
    ("name", "titles", "text", "expected"),
    [
        ("it speaks of neither", ("Tariffs bite hard", "A cellist retires"), body(12), True),
        (
            "it speaks of one of them",
            ("Tariffs bite hard", "A cellist retires"),
            body(11) + " cellist",
            False,
        ),
        (
            "the titles have a word in common",
            ("Tariffs bite the cellist", "A cellist retires"),
            body(12),
            False,
        ),
    ],
)
def test_one_text_under_two_titles_of_which_it_says_nothing(
    name: str, titles: tuple[str, str], text: str, expected: bool
) -> None:
    one, other = (fingerprint(title, text, language="en") for title in titles)
    assert another_case(one, other, Between(), REPLACED) is expected, name


@pytest.mark.parametrize(
    ("place", "expected"), [("Old Ferrol Bay 22", False), ("Ferrol Bay 22", True), ("Ferrol 22", True)]
)
def test_PLACE_the_words_of_a_measurement_are_few(place: str, expected: bool) -> None:
    one = fingerprint(f"Weather at 8 in {place} degrees, sunny", "", language="en")
    other = fingerprint("Weather at 8 in Minder 19 degrees, showers", "", language="en")
    assert another_case(one, other, Between(), UNDECIDED) is expected


@pytest.mark.parametrize(("shared", "expected"), [("take", True), ("work", False)])
def test_COMMON_a_word_that_every_other_item_holds_tells_nothing(shared: str, expected: bool) -> None:
    assert vocabulary.share("take", "en") == pytest.approx(0.0503, abs=0.0001)
    assert vocabulary.share("work", "en") == pytest.approx(0.0490, abs=0.0001)
    one = fingerprint(f"Letters: {shared} potholes patience", "", language="en")
    other = fingerprint(f"Letters: quilts tariffs {shared} trams", "", language="en")
    assert another_case(one, other, Between(True), UNDECIDED) is expected


@pytest.mark.parametrize(
    ("name", "mine", "other", "expected"),
    [
        ("two telling words each", "jails harbourmaster", "acquits surgeon", True),
        ("one has one only", "jails harbourmaster", "acquits the", False),
        ("one goes on", "jails harbourmaster", "", False),
    ],
)
def test_SAID_headlines_of_two_sources_say_enough_of_their_own(
    name: str, mine: str, other: str, expected: bool
) -> None:
    one, two = (fingerprint(f"Brannock County Court {said}", "", language="en") for said in (mine, other))
    assert another_case(one, two, Between(), UNDECIDED) is expected, name
    told = fingerprint(f"Brannock County Court {other}", body(12), language="en")
    assert another_case(one, told, Between(), UNDECIDED) is False, "a body may say that it is the same"


@pytest.mark.parametrize(
    ("name", "one", "other", "expected"),
    [
        ("UNCASED: Hebrew", "אחד שניים אלונים ארבע", "אחד שניים גולני ארבע", True),
        ("Armenian has capitals, but for words", "մեկ երկու երևան չորս", "մեկ երկու գյումրի չորս", False),
        ("Latin has them", "one two Alonim four", "one two Golani four", False),
        ("half of the words are Hebrew", "אחד שניים alonim four", "אחד שניים golani four", False),
        ("most of them are", "אחד שניים שלוש alonim", "אחד שניים שלוש golani", True),
        ("two words of seven", "אחד שניים אלונים צפון חמש שש שבע", "אחד שניים גולני חמש שש שבע", True),
        ("two words of six", "אחד שניים אלונים צפון חמש שש", "אחד שניים גולני חמש שש", False),
        ("one word of three", "אחד אלונים שלוש", "אחד גולני שלוש", False),
        (
            "three words of ten",
            "אחד שניים אלונים צפון מזרח חמש שש שבע שמונה תשע",
            "אחד שניים גולני חמש שש שבע שמונה תשע",
            False,
        ),
        ("a number is another one", "אחד שניים 3 ארבע", "אחד שניים 8 ארבע", False),
        ("the same", "אחד שניים אלונים ארבע", "אחד שניים אלונים ארבע", False),
    ],
)
def test_one_word_replaced_where_names_have_no_capitals(
    name: str, one: str, other: str, expected: bool
) -> None:
    a, b = fingerprint(one, "", language="xx"), fingerprint(other, "", language="xx")
    assert another_case(a, b, Between(), REPLACED) is expected, name
    assert another_case(b, a, Between(), REPLACED) is expected, name
    told = fingerprint(other, body(12), language="xx")
    assert another_case(a, told, Between(), REPLACED) is False, "a body may say that it is the same"


FILLED = [
    ("en", "Solara shares fall 12% after results", "Kestrel shares fall 9% after results", Case.SURE),
    ("en", "Otters beat Harriers 4-1 in the rain", "Otters beat Kestrels 2-1 in the rain", Case.SURE),
    ("en", "Dalby names Ana Torv chief executive", "Norrin names Eli Garth chief executive", Case.SURE),
    ("en", "Braithe DFA 9-Year MLB Veteran Reliever", "Ostrava DFA 8-Year MLB Veteran Catcher", Case.SURE),
    ("de", "Solaria steigert Gewinn um 9 Prozent", "Haldenau steigert Gewinn um 4 Prozent", Case.SURE),
    ("fr", "Séisme de magnitude 4,6 près de Vaulnay", "Séisme de magnitude 5,4 près de Morlans", Case.SURE),
    ("es", "Incautan 16 kilos de cocaína en Vallegra", "Incautan 4 kilos de cocaína en Peñalta", Case.SURE),
    ("it", "Terremoto di magnitudo 4.6 vicino a Corvell", "Terremoto di magnitudo 5.4 vicino a Brisola", Case.SURE),
    ("pt", "Serrana vence Marola por 3 a 2 na final", "Serrana vence Vilarim por 5 a 1 na final", Case.SURE),
    ("ru", "Акции Нордвинда упали на 9%", "Акции Дубравы упали на 4%", Case.SURE),
    ("tr", "Solarya hisseleri yüzde 9 düştü", "Meşelik hisseleri yüzde 4 düştü", Case.SURE),
    ("zh", "青岛发生4.1级地震", "大连发生5.2级地震", Case.SURE),
    ("ja", "仙台でコカイン8キロ押収", "静岡でコカイン33キロ押収", Case.SURE),
    ("zh", "东岛渡轮沉没致12人死亡", "东岛渡轮沉没致15人死亡", Case.NO),
    ("zh", "东岛渡轮沉没致12人死亡", "东岛渡船沉没致15人死亡", Case.NO),
    ("zh", "青岛海港公司股价下跌12%", "大连湖船集团股价下跌7%", Case.NO),
    # a number alone: a toll rises, another outlet counts otherwise
    ("en", "Ferry sinks off Skarvoy, 12 dead", "Ferry sinks off Skarvoy, 15 dead", Case.NO),
    ("es", "Sube a 12 la cifra de muertos en Vallegra", "Sube a 15 la cifra de muertos en Vallegra", Case.NO),
    # other words in the place of words
    ("en", "Storm batters Skarvoy with gusts of 90 mph", "Gale lashes Skarvoy with winds of 110 mph", Case.NO),
    ("de", "Zahl der Toten in Altenmoor steigt auf 12", "Zahl der Opfer in Altenmoor steigt auf 15", Case.NO),
    # one of them says more, or too much stands in the place of the other
    ("en", "Solara shares fall 12% after results", "Kestrel shares fall 12%", Case.NO),
    ("en", "Garth raids Ana Torv", "Orlo Benn Dask Vey raids Eli Norrin", Case.NO),
    # where every word has a capital they have to say more than what stands in each other's place
    ("en", "Brisola Veers: Norrin Dask Tariff", "Morlans Veers: Garth Benn Tariff", Case.NO),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "one", "other", "expected"), FILLED)
def test_one_frame_that_is_filled_anew(lang: str, one: str, other: str, expected: Case) -> None:
    """Whoever tells them, and whatever stands below: no two words of that are the same."""
    for below in (("", ""), (body(30), " ".join(reversed(body(30).split())))):
        a, b = (
            fingerprint(title, text, language=lang) for title, text in zip((one, other), below, strict=True)
        )
        assert which_case(a, b, Between()) is expected, (one, other)
        assert which_case(b, a, Between()) is expected, (other, one)


@pytest.mark.parametrize(
    ("lang", "title", "text", "fillings", "expected"),
    [
        ("en", "{}: {} degrees, sunny", "It is sunny in {} today with {} degrees and a light wind from the sea.", (("York", "12"), ("Leeds", "19")), Case.SURE),
        ("zh", "{}警方查获{}公斤可卡因", "{}警方周三表示，在港口查获{}公斤可卡因，并逮捕了两名涉嫌走私的男子。", (("青岛", "12"), ("大连", "19")), Case.SURE),
        ("ja", "{}でコカイン{}キロ押収", "警察は{}の倉庫でコカイン{}キロを押収し、密輸の疑いで男二人を逮捕した。", (("仙台", "12"), ("静岡", "19")), Case.SURE),
        ("hi", "{} में {} किलो कोकीन जब्त", "पुलिस ने बुधवार को {} में {} किलो कोकीन जब्त कर दो लोगों को गिरफ्तार किया।", (("पटना", "12"), ("जयपुर", "19")), Case.SURE),
        ("en", "Blast in Skarvoy: {} {}", "A blast in the port of Skarvoy left {1} people {0}, the coast guard said on Friday.", (("dead", "12"), ("hurt", "19")), Case.NO),
        ("en", "{}: {} degrees, sunny", "Nothing here is like {1} what the other one tells of {0} at all.", (("York", "12"), ("York", "19")), Case.NO),
    ],
)  # fmt: skip
def test_two_texts_of_one_template_with_a_name_and_a_number_each(
    lang: str, title: str, text: str, fillings: tuple[tuple[str, str], ...], expected: Case
) -> None:
    one, other = (fingerprint(title.format(*said), text.format(*said), language=lang) for said in fillings)
    assert decide(one, other).level is None
    assert which_case(one, other, Between()) is expected
    assert which_case(other, one, Between()) is expected


def test_a_text_that_tells_of_the_other_name_may_tell_the_same() -> None:
    one = fingerprint(
        "Skarvoy ends talks with 12 envoys", "The island broke off its talks on Friday.", language="en"
    )
    for text, expected in (
        ("Lindoy broke off the talks.", Case.SURE),
        ("Lindoy, or Skarvoy, broke them off.", Case.NO),
    ):
        other = fingerprint("Lindoy ends talks with 14 envoys", text, language="en")
        assert which_case(one, other, Between()) is expected is which_case(other, one, Between())


@pytest.mark.parametrize(
    ("name", "below", "other_below", "expected"),
    [
        ("each of its own", "A storm hit Skarvoy on Friday.", "In Lindoy roofs came down.", Case.SURE),
        ("one alone", "A storm hit Skarvoy on Friday.", "Roofs came down overnight.", Case.NO),
        ("one of both", "A storm hit Skarvoy on Friday.", "In Lindoy, near Skarvoy, roofs fell.", Case.NO),
        ("nothing stands below", "", "", Case.LIKELY),
    ],
)
def test_one_name_is_another_case_where_either_text_speaks_of_its_own(
    name: str, below: str, other_below: str, expected: Case
) -> None:
    one = fingerprint("Storm tears roofs off houses in Skarvoy", below, language="en")
    other = fingerprint("Storm tears roofs off houses in Lindoy", other_below, language="en")
    assert which_case(one, other, Between()) is expected is which_case(other, one, Between()), name


@pytest.mark.parametrize(
    ("name", "lang", "one", "other", "expected"),
    [
        ("a common name, a noun's capital", "de", "Haft für Betrug an Rentnern in Kassel", "Haft für Betrug an Rentnern in Mainz", Case.LIKELY),
        ("a noun is none", "de", "Haft für Betrug an Rentnern in Serie", "Haft für Betrug an Rentnern in Haft", Case.NO),
        ("two common names", "it", "Coppa, il Torino batte il Parma 2-0", "Coppa, la Roma batte il Genova 2-0", Case.SURE),
        ("names of Turkish towns and clubs", "tr", "Trabzonspor yeni kalecisini buldu: Orlo Dask", "Galatasaray yeni kalecisini buldu: Eli Norrin", Case.SURE),
        ("the first word beside another name", "pt", "Serrana vence Marola fora de casa", "Estrela vence Vilarim fora de casa", Case.SURE),
        ("the first word alone may be anything", "en", "Police search the harbour of the island", "Divers search the harbour of the island", Case.NO),
        ("beside a name that capitals do not tell", "en", "Police Search Skarvoy Harbour", "Divers Search Lindoy Harbour", Case.NO),
        ("a first name", "en", "Jason Wins Harbour Race", "Aaron Wins Harbour Race", Case.LIKELY),
    ],
)  # fmt: skip
def test_common_words_that_are_names(name: str, lang: str, one: str, other: str, expected: Case) -> None:
    a, b = (fingerprint(title, "", language=lang) for title in (one, other))
    assert which_case(a, b, Between()) is expected is which_case(b, a, Between()), name


def test_capitals_tell_names_by_the_words_that_both_titles_have() -> None:
    """However many names there are: `trounces` alone has a small letter."""
    one = fingerprint("Orlo Skarvoy trounces Eli Lindoy", "", language="en")
    other = fingerprint("Ana Brisola trounces Tor Morlans", "", language="en")
    assert which_case(one, other, Between()) is Case.SURE


@pytest.mark.parametrize(("one_source", "expected"), [(ONE, Case.SURE), (TWO, Case.LIKELY)])
def test_a_source_tells_nothing_twice_under_another_name(one_source: bool, expected: Case) -> None:
    below = "All activities of the afternoon are cancelled as well, the superintendent said."
    one, other = (
        fingerprint(f"{town} schools closed on Tuesday", below, language="en")
        for town in ("Skarvoy", "Lindoy")
    )
    assert (
        which_case(one, other, Between(one_source)) is expected is which_case(other, one, Between(one_source))
    )


@pytest.mark.parametrize(
    ("name", "lang", "one", "other", "expected"),
    [
        ("the first words, known names", "tr", "Malatya'da korkutan deprem", "Çanakkale'de korkutan deprem", Case.LIKELY),
        ("FRAME: two words in common", "en", "Boston quake felt", "Chicago quake felt", Case.LIKELY),
        ("FRAME: a word in common", "en", "Boston quake", "Chicago quake", Case.NO),
        ("a known name and a word", "tr", "Malatya'da korkutan deprem", "Sabah korkutan deprem", Case.NO),
    ],
)  # fmt: skip
def test_mere_headlines_in_one_frame_with_another_name(
    name: str, lang: str, one: str, other: str, expected: Case
) -> None:
    a, b = (fingerprint(title, "", language=lang) for title in (one, other))
    assert which_case(a, b, Between()) is expected is which_case(b, a, Between()), name


@pytest.mark.parametrize(
    ("name", "below", "expected"),
    [
        ("either text names the one place", ("Bells rang in Skarvoy.", "Bells rang in Skarvoy."), Case.NO),
        ("each its own", ("Bells rang in Lindoy.", "Bells rang in Skarvoy."), Case.SURE),
        ("neither any", ("Bells rang at noon.", "Bells rang at noon."), Case.LIKELY),
    ],
)
def test_one_text_under_two_names_that_speaks_of_one_of_them(
    name: str, below: tuple[str, str], expected: Case
) -> None:
    """`Blast in Afghanistan …`, over a text that says where: `in Kabul`."""
    end = " Twelve people were hurt by glass, the coast guard said."
    one, other = (
        fingerprint(f"Blast at the chapel of {place} hurts twelve", text + end, language="en")
        for place, text in zip(("Lindoy", "Skarvoy"), below, strict=True)
    )
    assert which_case(one, other, Between()) is expected is which_case(other, one, Between()), name


@pytest.mark.parametrize(
    ("name", "one", "other", "hours", "expected"),
    [
        ("two days", "12 hurt in Skarvoy over the past 24 hours", "23 hurt in Skarvoy in one day", 24, True),
        ("LATER", "12 hurt in Skarvoy over past day", "23 hurt in Skarvoy in past 24 hours", 12, True),
        ("one day, by two", "12 hurt in Skarvoy over past day", "23 hurt in Skarvoy in one day", 11.9, False),
        ("one count", "200 mm fall on Skarvoy in 24 hours", "Skarvoy: 200 mm of rain in 24 hours", 24, False),
        ("a toll that rises", "Skarvoy fire: 12 hurt", "Skarvoy fire: 23 hurt", 24, False),
        ("a day long", "24-hour strike stops 12 trains", "24-hour strike: 23 trains in Skarvoy", 24, False),
        ("its name", "24 Heures de Skarvoy: 12 cars", "24 Heures de Skarvoy: 23 cars", 24, False),
        ("one tells a day", "12 hurt in Skarvoy over past day", "Skarvoy: 23 hurt in fire", 24, False),
    ],
)
def test_what_each_day_brings(name: str, one: str, other: str, hours: float, expected: bool) -> None:
    pair = fingerprint(one, "", language="en"), fingerprint(other, "", language="en")
    assert another_case(*pair, Between(seconds=int(hours * 3600)), UNDECIDED) is expected, name


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("de", "12 Verletzte in 24 Stunden"),
        ("fr", "12 blessés ces dernières 24 heures"),
        ("es", "12 heridos en las últimas 24 horas"),
        ("it", "12 feriti nelle ultime 24 ore"),
        ("ro", "12 răniți în ultimele 24 de ore"),
        ("pl", "12 rannych w ciągu ostatniej doby"),
        ("ru", "За минувшие сутки ранены 12 человек"),
        ("uk", "За добу поранено 12 людей"),
        ("tr", "Son 24 saatte 12 yaralı"),
        ("ja", "24時間で12人けが"),
        ("ar", "12 جريحا خلال 24 ساعة"),
    ],
)
def test_a_day_is_told_in_many_languages(language: str, title: str) -> None:
    assert tells_a_day(fingerprint(title, "", language=language))
