"""The level text on pairs of items, in many languages: what may be one text, and what only looks like it.

Every pair is invented. A row: kind, language, what both say (title, or title and text), whether one source says
both, and whether they are one text.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from aggregator import dedupe, fold
from aggregator.dedupe import Between, numbers, standing, title_similarity
from aggregator.store import lookup, open_writer
from tests.helpers import NOW, entry, put

HOUR, DAY = 3600, 86_400

Said = str | tuple[str, str]
Row = tuple[str, str, Said, Said, bool, bool]

DECK = "Every week our reporters answer the questions that you send us, about money, travel, food and much more besides."
BRIDGE = "The regional council voted on Thursday to rebuild the old stone bridge over the Arve, closed since the spring floods, at a cost of 14 million."
LONG = (
    "The harbour board said on Friday that the eastern pier will be closed to ships from the first week of May because divers have found cracks in "
    "eleven of its concrete piles; repairs are to take half a year, and the fishing fleet is to land its catch at the old quay until the autumn."
)

# One source says the same of two items: it speaks of the one title alone, of what both titles have in common,
# or of neither.
SERIES = [
    (
        "ships",
        "en",
        "Why the ferries stay in port this winter",
        "The board that nobody wanted to lead",
        "Running an island line has become harder: the ferries stay in port whenever the wind turns north, crews are "
        "hard to find, and what a crossing costs is known only in spring. Our reporters spent a winter on the quays "
        "and met those who keep the line going, against all odds and every forecast.",
    ),
    (
        "roads",
        "ja",
        "海塩の量を地図に描いて橋の錆びを防ぐ",
        "町ごとに強弱をつける道路の手入れ 公開データが示す次の道",
        "自治体が悩む道路の手入れは年々むずかしくなっている。傷み具合や長さだけを見ていては続けられない。"
        "天気や周りの施設など町全体の公開データを使う試みが各地で始まった。担当者と研究者に聞いた。",
    ),
    (
        "books",
        "ja",
        "譲れない人の仕事が残る理由 - 世界に通じる物語の教室",
        "遠回りして得た最強の武器とは - 世界に通じる物語の教室",
        "あっと言わせる偉業を成した人は何を考えていたのか。会社に勤めながら映画祭で初めて大賞を受けた著者の"
        "新刊『世界に通じる物語の教室』をもとに、その思考の道すじをたどります。連載は毎週更新されます。",
    ),
]  # fmt: skip

PAIRS: list[Row] = [
    # ---- the contrary
    (
        "negation",
        "en",
        "Union says nurses will walk out on Friday",
        "Union says nurses will not walk out on Friday",
        False,
        False,
    ),
    (
        "negation, contracted",
        "en",
        "Coach will leave the club in summer",
        "Coach won’t leave the club in summer",
        False,
        False,
    ),
    (
        "negation",
        "de",
        "Bahn stellt Nachtzug nach Triest ein",
        "Bahn stellt Nachtzug nach Triest nicht ein",
        False,
        False,
    ),
    (
        "negation by a prefix",
        "de",
        "Landgericht hält den Wirt für schuldig",
        "Landgericht hält den Wirt für unschuldig",
        False,
        False,
    ),
    (
        "no article",
        "de",
        "Ministerin sieht Gefahr für die Ernte",
        "Ministerin sieht keine Gefahr für die Ernte",
        False,
        False,
    ),
    (
        "negation",
        "es",
        "La aerolínea cancelará sus vuelos a Mendoza",
        "La aerolínea no cancelará sus vuelos a Mendoza",
        False,
        False,
    ),
    (
        "negation",
        "fr",
        "La mairie fermera la piscine cet hiver",
        "La mairie ne fermera pas la piscine cet hiver",
        False,
        False,
    ),
    (
        "negation",
        "it",
        "La Regione riaprirà le scuole lunedì",
        "La Regione non riaprirà le scuole lunedì",
        False,
        False,
    ),
    (
        "negation",
        "pt",
        "Prefeito de Santos vai renunciar ao cargo",
        "Prefeito de Santos não vai renunciar ao cargo",
        False,
        False,
    ),
    (
        "negation",
        "nl",
        "Kabinet verhoogt de belasting op vlees",
        "Kabinet verhoogt de belasting op vlees niet",
        False,
        False,
    ),
    (
        "negation",
        "sv",
        "Regeringen säljer andelen i flygbolaget",
        "Regeringen säljer inte andelen i flygbolaget",
        False,
        False,
    ),
    (
        "negation",
        "fi",
        "Hallitus korottaa polttoaineveroa syksyllä",
        "Hallitus ei korota polttoaineveroa syksyllä",
        False,
        False,
    ),
    (
        "negation",
        "pl",
        "Trener odejdzie z klubu po sezonie",
        "Trener nie odejdzie z klubu po sezonie",
        False,
        False,
    ),
    (
        "negation by a prefix",
        "cs",
        "Vláda podpoří nový zákon o lesích",
        "Vláda nepodpoří nový zákon o lesích",
        False,
        False,
    ),
    (
        "negation",
        "hu",
        "A város megépíti az új hidat jövőre",
        "A város nem építi meg az új hidat jövőre",
        False,
        False,
    ),
    (
        "negation",
        "tr",
        "Belediye meydandaki ağaçları kesecek",
        "Belediye meydandaki ağaçları kesmeyecek",
        False,
        False,
    ),
    (
        "negation",
        "el",
        "Ο δήμος θα κλείσει το λιμάνι τον Μάιο",
        "Ο δήμος δεν θα κλείσει το λιμάνι τον Μάιο",
        False,
        False,
    ),
    (
        "negation",
        "ru",
        "Завод в Тихвине возобновит работу в мае",
        "Завод в Тихвине не возобновит работу в мае",
        False,
        False,
    ),
    (
        "negation",
        "uk",
        "Уряд підвищить тарифи на воду восени",
        "Уряд не підвищить тарифи на воду восени",
        False,
        False,
    ),
    ("negation", "he", "הממשלה תעלה את מחיר החשמל בחורף", "הממשלה לא תעלה את מחיר החשמל בחורף", False, False),
    (
        "negation",
        "ar",
        "الحكومة سترفع أسعار الوقود في الصيف",
        "الحكومة لن ترفع أسعار الوقود في الصيف",
        False,
        False,
    ),
    ("negation", "fa", "شهرداری پل قدیمی را خراب می‌کند", "شهرداری پل قدیمی را خراب نمی‌کند", False, False),
    ("negation", "hi", "सरकार अगले साल टोल टैक्स बढ़ाएगी", "सरकार अगले साल टोल टैक्स नहीं बढ़ाएगी", False, False),
    ("negation", "bn", "আগামী মাসে সেতুর টোল বাড়বে", "আগামী মাসে সেতুর টোল বাড়বে না", False, False),
    (
        "negation by a suffix",
        "bn",
        "মেয়র নতুন বাজেটে সই করেছে শুক্রবার",
        "মেয়র নতুন বাজেটে সই করেনি শুক্রবার",
        False,
        False,
    ),
    (
        "negation",
        "ta",
        "அரசு அடுத்த ஆண்டு பேருந்து கட்டணத்தை உயர்த்தும்",
        "அரசு அடுத்த ஆண்டு பேருந்து கட்டணத்தை உயர்த்தாது",
        False,
        False,
    ),
    ("negation", "te", "వచ్చే ఏడాది బస్సు ఛార్జీలు పెరుగుతాయి మంత్రి", "వచ్చే ఏడాది బస్సు ఛార్జీలు పెరగవు మంత్రి", False, False),
    (
        "negation",
        "ja",
        "市長は来年度の給食費を値上げすると表明",
        "市長は来年度の給食費を値上げしないと表明",
        False,
        False,
    ),
    ("negation", "zh", "市政府明年将拆除旧火车站大楼", "市政府明年将不拆除旧火车站大楼", False, False),
    ("not yet", "zh", "港口公司已就罢工达成协议", "港口公司未就罢工达成协议", False, False),
    (
        "negation",
        "ko",
        "시장은 내년에 버스 요금을 올린다고 말했다",
        "시장은 내년에 버스 요금을 올리지 않는다고 말했다",
        False,
        False,
    ),
    (
        "negation",
        "id",
        "Pemerintah akan menaikkan tarif listrik bulan depan",
        "Pemerintah tidak akan menaikkan tarif listrik bulan depan",
        False,
        False,
    ),
    (
        "negation",
        "vi",
        "Thành phố sẽ phá bỏ cây cầu cũ",
        "Thành phố sẽ không phá bỏ cây cầu cũ",
        False,
        False,
    ),
    (
        "negation, same deck",
        "de",
        (
            "Stadtrat stimmt Schwimmbad zu",
            "Der Stadtrat von Selm hat dem Bau des Schwimmbads am Donnerstag nach sechs Stunden Beratung zugestimmt und dafür neun Millionen Euro bewilligt.",
        ),
        (
            "Stadtrat stimmt Schwimmbad zu",
            "Der Stadtrat von Selm hat dem Bau des Schwimmbads am Donnerstag nach sechs Stunden Beratung nicht zugestimmt und dafür neun Millionen Euro bewilligt.",
        ),
        False,
        False,
    ),
    (
        "opposite words",
        "en",
        "Wheat prices rise for the third week running",
        "Wheat prices fall for the third week running",
        False,
        False,
    ),
    (
        "opposite words",
        "de",
        "Verbraucherpreise steigen im Oktober deutlich",
        "Verbraucherpreise sinken im Oktober deutlich",
        False,
        False,
    ),
    (
        "opposite words",
        "es",
        "El Senado aprueba la reforma de las pensiones",
        "El Senado rechaza la reforma de las pensiones",
        False,
        False,
    ),
    (
        "opposite words",
        "ru",
        "Суд в Перми оправдал бывшего директора завода",
        "Суд в Перми осудил бывшего директора завода",
        False,
        False,
    ),
    ("opposite words", "hi", "भारत ने तीसरा वनडे मैच जीता", "भारत ने तीसरा वनडे मैच हारा", False, False),
    (
        "opposite words, same deck",
        "en",
        (
            "Board accepts offer for ferry line",
            "The board of the ferry line accepts the offer of the northern port, it said on Monday after talks that had lasted through the whole weekend.",
        ),
        (
            "Board rejects offer for ferry line",
            "The board of the ferry line rejects the offer of the northern port, it said on Monday after talks that had lasted through the whole weekend.",
        ),
        False,
        False,
    ),
    # ---- who does what to whom
    (
        "roles",
        "en",
        "Police officer shot by farmer near Selby",
        "Farmer shot by police officer near Selby",
        False,
        False,
    ),
    (
        "roles",
        "de",
        "Lastwagen rammt Straßenbahn in Kassel",
        "Straßenbahn rammt Lastwagen in Kassel",
        False,
        False,
    ),
    ("roles", "it", "La Spezia batte il Bari in rimonta", "Il Bari batte La Spezia in rimonta", False, False),
    ("roles", "pt", "Grêmio vence o Bahia fora de casa", "Bahia vence o Grêmio fora de casa", False, False),
    ("roles", "he", "מכבי ניצחה את הפועל בדרבי הגדול", "הפועל ניצחה את מכבי בדרבי הגדול", False, False),
    ("roles", "te", "భారత్ చేతిలో శ్రీలంక ఘోర ఓటమి పాలైంది", "శ్రీలంక చేతిలో భారత్ ఘోర ఓటమి పాలైంది", False, False),
    (
        "roles, in quotation marks",
        "ru",
        "«Маяк» обыграл «Парус» в финале кубка",
        "«Парус» обыграл «Маяк» в финале кубка",
        False,
        False,
    ),
    (
        "a match told from both ends",
        "de",
        "SV Selm – TuS Horst 2:1: Tor in letzter Minute",
        "Tor in letzter Minute: SV Selm besiegt TuS Horst",
        False,
        False,
    ),
    ("negation at the end", "ja", "大統領、来週の会談を発表", "大統領、来週の会談を発表せず", False, False),
    # ---- another name, another number
    (
        "one name",
        "en",
        "Two dead after avalanche near Chamonix",
        "Two dead after avalanche near Verbier",
        False,
        False,
    ),
    (
        "one name",
        "es",
        "Incendio forestal obliga a evacuar un pueblo de Ourense",
        "Incendio forestal obliga a evacuar un pueblo de Zamora",
        False,
        False,
    ),
    (
        "one name",
        "ta",
        "சென்னையில் கனமழை பள்ளிகளுக்கு இன்று விடுமுறை",
        "மதுரையில் கனமழை பள்ளிகளுக்கு இன்று விடுமுறை",
        False,
        False,
    ),
    (
        "one name with one ending",
        "en",
        "Floods cut off villages in Niger after rain",
        "Floods cut off villages in Nigeria after rain",
        False,
        False,
    ),
    (
        "the kicker is the place",
        "de",
        "Fulda: Polizei nimmt Fahrraddieb nach Verfolgung fest",
        "Hanau: Polizei nimmt Fahrraddieb nach Verfolgung fest",
        True,
        False,
    ),
    (
        "another number",
        "en",
        "Inflation in the region falls to 10.0 percent",
        "Inflation in the region falls to 1 percent",
        False,
        False,
    ),
    (
        "thousands",
        "de",
        "Werk in Zwickau streicht 1.000 Stellen",
        "Werk in Zwickau streicht 1 Stellen",
        False,
        False,
    ),
    (
        "lakhs",
        "en",
        "Scheme to build 1,00,000 homes in the state",
        "Scheme to build 1,000 homes in the state",
        False,
        False,
    ),
    (
        "versions",
        "en",
        "Parser v2.10.0 has been released today",
        "Parser v2.1.0 has been released today",
        True,
        False,
    ),
    ("weekdays", "en", ("Quiz of the day: Tuesday", DECK), ("Quiz of the day: Wednesday", DECK), True, False),
    (
        "weekdays",
        "fr",
        "Les titres de la presse de mardi matin",
        "Les titres de la presse de jeudi matin",
        True,
        False,
    ),
    # ---- texts that stand under every title
    (
        "standing deck, one source",
        "en",
        ("Ask us: how do I cook rice", DECK),
        ("Ask us: what is a tariff", DECK),
        True,
        False,
    ),
    (
        "standing deck, two sources",
        "en",
        ("Bus falls into ravine in Nepal", DECK),
        ("Court frees former governor", DECK),
        False,
        False,
    ),
    (
        "standing deck",
        "es",
        (
            "El podcast: la crisis del agua",
            "Un análisis diario de la actualidad con los periodistas de nuestra redacción, cada mañana a las siete.",
        ),
        (
            "El podcast: la dimisión del ministro",
            "Un análisis diario de la actualidad con los periodistas de nuestra redacción, cada mañana a las siete.",
        ),
        True,
        False,
    ),
    (
        "standing tail",
        "en",
        "Tram derails | Evening News Hour",
        "Mayor resigns | Evening News Hour",
        True,
        False,
    ),
    (
        "its source's own name behind a short title",
        "en",
        "Old boats - Source A",
        "New roofs - Source A",
        True,
        False,
    ),
    # ---- items of one source
    (
        "daily thread",
        "en",
        ("Daily chat: what are you up to?", "Tell everybody what you are up to today, in this thread."),
        ("Daily chat: what are you up to?", "Tell everybody what you are up to today, in this thread."),
        True,
        False,
    ),
    (
        "template of a source",
        "en",
        "Fabrikam earnings call transcript, third quarter",
        "Contoso earnings call transcript, third quarter",
        True,
        False,
    ),
    # ---- and what is one text
    (
        "attribution moved",
        "en",
        "Police: three hurt as lorry hits stall in Delft",
        "Three hurt as lorry hits stall in Delft, police say",
        False,
        True,
    ),
    (
        "kicker in brackets",
        "ja",
        "【速報】青葉町の市場で火災、店舗が全焼",
        "青葉町の市場で火災、店舗が全焼",
        False,
        True,
    ),
    (
        "kicker in brackets, the place",
        "ja",
        "【仙台】商店街の市場で火災、店舗が全焼",
        "【静岡】商店街の市場で火災、店舗が全焼",
        False,
        False,
    ),
    (
        "tail in brackets",
        "zh",
        "海陵市一工厂爆炸 数十人被困（图）",
        "海陵市一工厂爆炸，数十人被困",
        False,
        True,
    ),
    (
        "tail in brackets, more than a kicker",
        "zh",
        "海陵市一工厂爆炸 数十人被困（厂长已被拘留）",
        "海陵市一工厂爆炸，数十人被困",
        False,
        False,
    ),
    (
        "letters as typed",
        "fr",
        "Une œuvre du peintre Valmont volée à Roubec",
        "Une oeuvre du peintre Valmont volée à Roubec",
        False,
        True,
    ),
    (
        "letters as typed",
        "ar",
        "الحكومة تستثمر ملياري دينار في السكك الحديدية",
        "الحكومه تستثمر ملياري دينار فى السكك الحديديه",
        False,
        True,
    ),
    (
        "letters as typed",
        "fa",
        "شهرداری تهران برای مترو تازه وام گرفت",
        "شهرداري تهران براي مترو تازه وام گرفت",
        False,
        True,
    ),
    (
        "letters, another name",
        "fr",
        "Une œuvre du peintre Valmont volée à Roubec",
        "Une oeuvre du peintre Salmont volée à Roubec",
        False,
        False,
    ),
    (
        "kicker",
        "de",
        "Energiekrise: Stadtwerke senken den Strompreis im Januar",
        "Stadtwerke senken den Strompreis im Januar",
        False,
        True,
    ),
    (
        "kicker",
        "es",
        "Exclusiva | El museo compra dos cuadros de Goya",
        "El museo compra dos cuadros de Goya",
        False,
        True,
    ),
    (
        "kicker",
        "ru",
        "Эксклюзив: Музей купил две картины Левитана",
        "Музей купил две картины Левитана",
        False,
        True,
    ),
    (
        "quotation marks and dashes",
        "fr",
        "Ministre : « Nous ne céderons pas » sur la réforme des ports",
        'Ministre: "Nous ne céderons pas" sur la réforme des ports',
        False,
        True,
    ),
    (
        "accents",
        "es",
        "Dos heridos al caer una grua en Malaga",
        "Dos heridos al caer una grúa en Málaga",
        False,
        True,
    ),
    (
        "points in abbreviations",
        "en",
        "U.N. opens talks on ocean mining in Kingston",
        "UN opens talks on ocean mining in Kingston",
        False,
        True,
    ),
    (
        "a number as a word",
        "en",
        "Four climbers rescued from glacier near Zermatt",
        "4 climbers rescued from glacier near Zermatt",
        False,
        True,
    ),
    (
        "a number as a word",
        "hi",
        "नाव पलटने से चार लोगों की मौत और सात लापता",
        "नाव पलटने से 4 लोगों की मौत और 7 लापता",
        False,
        True,
    ),
    (
        "ten is 10.0",
        "en",
        "Quake of magnitude 10.0 feared off the coast",
        "Quake of magnitude 10 feared off the coast",
        False,
        True,
    ),
    (
        "in one word or two",
        "en",
        "Greens win byelection in the valley of Towy",
        "Greens win by-election in the valley of Towy",
        False,
        True,
    ),
    (
        "zero-width joiners",
        "fa",
        "وزیر می‌گوید قیمت نان تا بهار ثابت می‌ماند",
        "وزیر میگوید قیمت نان تا بهار ثابت میماند",
        False,
        True,
    ),
    (
        "zero-width joiners",
        "te",
        "సర్‌పంచ్ ఎన్నికల్లో కొత్త అభ్యర్థి ఘన విజయం",
        "సర్పంచ్ ఎన్నికల్లో కొత్త అభ్యర్థి ఘన విజయం",
        False,
        True,
    ),
    (
        "same headline",
        "hi",
        "दिल्ली में भारी बारिश से सड़कें जलमग्न, स्कूल बंद",
        "दिल्ली में भारी बारिश से सड़कें जलमग्न, स्कूल बंद",
        False,
        True,
    ),
    (
        "same headline",
        "he",
        "רעידת אדמה הורגשה בצפון הארץ, אין נפגעים",
        "רעידת אדמה הורגשה בצפון הארץ, אין נפגעים",
        False,
        True,
    ),
    (
        "another verb, in title and text, beside other endings",
        "ru",
        (
            "Суд оставил под арестом мэра Заречья",
            "Городской суд оставил под арестом мэра Заречья, говорится в сообщении, которое разослали в пятницу; прения начнутся через две недели, защита от слов отказалась.",
        ),
        (
            "Суд освободил из-под ареста мэра Заречья",
            "Городской суд освободил из-под ареста мэра Заречья, говорится в сообщении, которое разослали в пятницу; прения начнутся через две недели, защита от слов отказалась.",
        ),
        False,
        False,
    ),
    (
        "another verb of two letters, in title and text",
        "ur",
        (
            "حکومت نے پیر سے پیٹرول کی قیمت بڑھا دی",
            "وزیر خزانہ کے مطابق حکومت نے پیر سے پیٹرول کی قیمت بڑھا دی ہے، نئی قیمتوں کا اطلاق رات بارہ بجے سے پورے ملک میں ہو گا۔",
        ),
        (
            "حکومت نے پیر سے پیٹرول کی قیمت کم کر دی",
            "وزیر خزانہ کے مطابق حکومت نے پیر سے پیٹرول کی قیمت کم کر دی ہے، نئی قیمتوں کا اطلاق رات بارہ بجے سے پورے ملک میں ہو گا۔",
        ),
        False,
        False,
    ),
    (
        "the contrary, in title and text",
        "th",
        (
            "รัฐบาลประกาศขึ้นราคาน้ำมันวันจันทร์",
            "เมื่อวานนี้รัฐบาลประกาศขึ้นราคาน้ำมันวันจันทร์หน้าทั่วประเทศตามที่กระทรวงพลังงานเสนอในที่ประชุมเมื่อวันศุกร์",
        ),
        (
            "รัฐบาลประกาศลดราคาน้ำมันวันจันทร์",
            "เมื่อวานนี้รัฐบาลประกาศลดราคาน้ำมันวันจันทร์หน้าทั่วประเทศตามที่กระทรวงพลังงานเสนอในที่ประชุมเมื่อวันศุกร์",
        ),
        False,
        False,
    ),
    (
        "another town, in words of two characters",
        "ja",
        ("仙台で交通事故、2人死亡", "警察によると月曜夜、仙台で交通事故があり2人が死亡、3人がけがをした。"),
        ("静岡で交通事故、2人死亡", "警察によると月曜夜、静岡で交通事故があり2人が死亡、3人がけがをした。"),
        False,
        False,
    ),
    (
        "another hour, and no space before it",
        "zh",
        (
            "气象台发布大风警告",
            "气象台今日上午01时20分发布大风警告信号，预料未来三小时沿海地区阵风较大，市民应留在室内并远离窗户，船只应尽快返回避风港。",
        ),
        (
            "气象台发布大风警告",
            "气象台今日上午02时25分发布大风警告信号，预料未来三小时沿海地区阵风较大，市民应留在室内并远离窗户，船只应尽快返回避风港。",
        ),
        False,
        False,
    ),
    (
        "another count, and no space before it",
        "ja",
        (
            "港湾局が入港数を発表",
            "港湾局によると昨日までに入港した貨物船は118隻で、前の週に比べて減ったものの、秋の穀物の輸送が始まれば再び増える見通しだと説明した。",
        ),
        (
            "港湾局が入港数を発表",
            "港湾局によると昨日までに入港した貨物船は143隻で、前の週に比べて減ったものの、秋の穀物の輸送が始まれば再び増える見通しだと説明した。",
        ),
        False,
        False,
    ),
    (
        "same headline",
        "ja",
        "北海道で震度五弱の地震、津波の心配なし",
        "北海道で震度五弱の地震、津波の心配なし",
        False,
        True,
    ),
    (
        "another headline over one text",
        "en",
        ("Old Arve bridge to be rebuilt", BRIDGE),
        ("Council votes 14 million for stone bridge", BRIDGE),
        False,
        True,
    ),
    (
        "a longer text, cut",
        "en",
        ("Pier closed for half a year", LONG),
        ("Cracks close the eastern pier", LONG[:190] + "…"),
        False,
        True,
    ),
    (
        "told twice by one source on one day",
        "en",
        ("Old Arve bridge to be rebuilt", BRIDGE),
        ("Old Arve bridge to be rebuilt", BRIDGE),
        True,
        True,
    ),
    # ---- a short text that tells neither of two places
    (
        "a place that is a common word of its language",
        "de",
        (
            "Warnstreik am Flughafen Hamburg: Alle Flüge gestrichen",
            "Die Gewerkschaft hat das Personal am Boden zum Ausstand aufgerufen.",
        ),
        (
            "Warnstreik am Flughafen Stuttgart: Alle Flüge gestrichen",
            "Die Gewerkschaft hat das Personal am Boden zum Ausstand aufgerufen.",
        ),
        False,
        False,
    ),
    (
        "a word that is written small, in another one’s place",
        "de",
        (
            "Warnstreik am Flughafen Hamburg: Alle Flüge gestrichen",
            "Die Gewerkschaft hat das Personal am Boden zum Ausstand aufgerufen.",
        ),
        (
            "Warnstreik am Flughafen Hamburg: Alle Flüge abgesagt",
            "Die Gewerkschaft hat das Personal am Boden zum Ausstand aufgerufen.",
        ),
        False,
        True,
    ),
    (
        "a company that is a common word, at the beginning",
        "en",
        (
            "Target shares fall sharply after surprise profit warning on Monday",
            "The company cut its outlook for the year.",
        ),
        (
            "Shell shares fall sharply after surprise profit warning on Monday",
            "The company cut its outlook for the year.",
        ),
        False,
        False,
    ),
    (
        "a place, where no script has capitals",
        "hi",
        ("दिल्ली में बस पलटने से कई यात्री घायल", "घायलों को अस्पताल में भर्ती कराया गया है।"),
        ("जयपुर में बस पलटने से कई यात्री घायल", "घायलों को अस्पताल में भर्ती कराया गया है।"),
        False,
        False,
    ),
    # ---- amounts, spellings, kickers and sites: one headline, written otherwise
    (
        "amount",
        "en",
        "Ferry line buys two ships from yard for $2bn",
        "Ferry line buys two ships from yard for 2 billion dollars",
        False,
        True,
    ),
    (
        "amount",
        "en",
        "Ferry line buys two ships from yard for US$2.5 bln",
        "Ferry line buys two ships from yard for $2.5B",
        False,
        True,
    ),
    (
        "amount",
        "de",
        "Reederei kauft Werft in Kiel für 2 Mrd. Euro",
        "Reederei kauft Werft in Kiel für zwei Milliarden Euro",
        False,
        True,
    ),
    (
        "amount",
        "fr",
        "La ville rachète le chantier naval pour 350 M€",
        "La ville rachète le chantier naval pour 350 millions d’euros",
        False,
        True,
    ),
    (
        "amount",
        "pl",
        "Port kupi trzy promy za 2 mld zł",
        "Port kupi trzy promy za 2 miliardy złotych",
        False,
        True,
    ),
    (
        "amount",
        "ru",
        "Порт купит три парома за $2 млрд",
        "Порт купит три парома за 2 миллиарда долларов",
        False,
        True,
    ),
    (
        "percent",
        "en",
        "Ferry fares to rise 3.4% in spring",
        "Ferry fares to rise 3.4 per cent in spring",
        False,
        True,
    ),
    (
        "percent",
        "sv",
        "Priset på färjorna höjs med 3,4% i maj",
        "Priset på färjorna höjs med 3,4 procent i maj",
        False,
        True,
    ),
    ("percent", "tr", "Feribot bilet fiyatı yüzde 3,4 arttı", "Feribot bilet fiyatı %3,4 arttı", False, True),
    (
        "another currency",
        "en",
        "Ferry line buys two ships from yard for $2bn",
        "Ferry line buys two ships from yard for €2bn",
        False,
        False,
    ),
    (
        "another power of ten",
        "de",
        "Reederei kauft Werft in Kiel für 2 Mio. Euro",
        "Reederei kauft Werft in Kiel für 2 Mrd. Euro",
        False,
        False,
    ),
    (
        "no amount",
        "en",
        "Ferry line buys two ships from yard for $2bn",
        "Ferry line buys two ships from yard for $2.2bn",
        False,
        False,
    ),
    (
        "er and re",
        "en",
        "Centre party wins seats in ferry towns",
        "Center party wins seats in ferry towns",
        False,
        True,
    ),
    (
        "er for re in a name",
        "en",
        "Floods cut off Padre villages after rain",
        "Floods cut off Pader villages after rain",
        False,
        True,
    ),
    (
        "a numbered kicker",
        "en",
        "WRAPUP 2-Ferry line buys two ships from yard",
        "Ferry line buys two ships from yard",
        False,
        True,
    ),
    (
        "two numbered kickers",
        "en",
        "UPDATE 1-Ferry line buys two ships from yard",
        "UPDATE 3-Ferry line buys two ships from yard",
        False,
        True,
    ),
    (
        "a numbered kicker",
        "de",
        "ROUNDUP 2/Reederei kauft zwei Schiffe von Kieler Werft",
        "Reederei kauft zwei Schiffe von Kieler Werft",
        False,
        True,
    ),
    (
        "two numbered kickers",
        "de",
        "AKTIE IM FOKUS 2: Nordreederei nach Zukauf in Kiel gefragt",
        "AKTIE IM FOKUS: Nordreederei nach Zukauf in Kiel gefragt",
        False,
        True,
    ),
    (
        "a numbered kicker",
        "es",
        "AMPLIACIÓN 2-La naviera compra dos barcos al astillero",
        "La naviera compra dos barcos al astillero",
        False,
        True,
    ),
    (
        "a lead's number",
        "en",
        "(2nd LD) Ferry line buys two ships from yard",
        "(LEAD) Ferry line buys two ships from yard",
        False,
        True,
    ),
    (
        "a number that is the name's",
        "en",
        "WINDOWS 11: update breaks printers at harbour",
        "WINDOWS 10: update breaks printers at harbour",
        False,
        False,
    ),
    (
        "the site behind it",
        "zh",
        "港务局批准建设新的货运码头_海港新闻网",
        "港务局批准建设新的货运码头",
        False,
        True,
    ),
    (
        "two sites behind it",
        "zh",
        "港务局批准建设新的货运码头_财经_海港网",
        "港务局批准建设新的货运码头-新港网",
        False,
        True,
    ),
    (
        "the site behind it",
        "ja",
        "港湾局が新しい貨物埠頭の建設を承認：港ドットコム",
        "港湾局が新しい貨物埠頭の建設を承認 | 港ニュース",
        False,
        True,
    ),
    *(
        (f"what introduces a series of {kind}", lang, (one, blurb), (other, blurb), True, False)
        for kind, lang, one, other, blurb in SERIES
    ),
    *(
        (f"what two sources say, as of {kind}", lang, (one, blurb), (other, blurb), False, True)
        for kind, lang, one, other, blurb in SERIES
        if kind == "ships"
    ),
]


def said(found: Said) -> tuple[str, str]:
    return (found, "") if isinstance(found, str) else found


@pytest.mark.parametrize(("kind", "lang", "a", "b", "one_source", "same"), PAIRS)
def test_pairs_of_items(kind: str, lang: str, a: Said, b: Said, one_source: bool, same: bool) -> None:
    one, other = (dedupe.fingerprint(*said(found), "Source A", (), lang) for found in (a, b))
    between = Between(one_source, HOUR if "on one day" in kind else DAY)
    reason = dedupe.decide(one, other, between)
    assert (reason.level == "text") == same, (kind, reason)
    assert dedupe.decide(other, one, between).level == reason.level, "it does not matter who came first"


@pytest.mark.parametrize(
    ("kind", "a", "b", "feature"),
    [
        (
            "one word",
            "Union says nurses will walk out on Friday",
            "Union says nurses will not walk out on Friday",
            "negation",
        ),
        (
            "contrary",
            "Wheat prices rise for the third week running",
            "Wheat prices fall for the third week running",
            "opposite words",
        ),
        (
            "roles",
            "Police officer shot by farmer near Selby",
            "Farmer shot by police officer near Selby",
            "other order",
        ),
        (
            "name",
            "Two dead after avalanche near Chamonix",
            "Two dead after avalanche near Verbier",
            "other names",
        ),
        (
            "word",
            "Council plans new library for the old town",
            "Council plans new museum for the old town",
            "other words",
        ),
        (
            "number",
            "Seven held after raid on farm in Kent",
            "Nine held after raid on farm in Kent",
            "other numbers",
        ),
        (
            "deck",
            ("Bus falls into ravine in Nepal", DECK),
            ("Court frees former governor", DECK),
            "standing text",
        ),
    ],
)
def test_why_says_what_keeps_two_items_apart(kind: str, a: Said, b: Said, feature: str) -> None:
    reason = dedupe.decide(dedupe.fingerprint(*said(a)), dedupe.fingerprint(*said(b)))
    assert reason.features[-1][0] == feature and reason.features[-1][1], kind


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.0", "10"),
        ("10", "10"),
        ("1.000", "1000"),
        ("1,000", "1000"),
        ("1,00,000", "100000"),
        ("2.300.000", "2300000"),
        ("12,34,567.80", "1234567.8"),
        ("1.000,50", "1000.5"),
        ("2,50", "2.5"),
        ("0.347", "0.347"),
        ("0.0", "0"),
        ("007", "7"),
        ("v10.0.0", "10.0.0"),
        ("v1.0.0", "1.0.0"),
        ("20.08.2026", "20.8.2026"),
        ("१,०००", "1000"),
        ("٢٥", "25"),
        ("1’000", "1000"),
        ("5.8", "5.8"),
    ],
)
def test_numbers_are_read_as_they_are_meant(written: str, meant: str) -> None:
    assert list(numbers.numbers(f"about {written} of them", ())) == [meant]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("死者15人、負傷者２０人", {"15", "20"}),
        ("截至早上10时逾25.3万人次入境", {"10", "25.3"}),
        ("ราคาทองวันนี้บาทละ52350บาท", {"52350"}),
        ("오전10시 기준 확진자1,204명", {"10", "1204"}),
        ("مقتل 7 وإصابة و15 مفقودا", {"7", "15"}),
        ("ב15 במאי", {"15"}),
        ("版本v2.1", {"2.1"}),
        ("A4 bei G7, É5, Т34, Đ3, ế9, ١2", {"12"}),  # names, and one number in digits of two scripts
    ],
)
def test_numbers_are_read_in_scripts_that_set_no_space_before_them(written: str, meant: set[str]) -> None:
    assert set(numbers.numbers(written, ())) == meant


@pytest.mark.parametrize(("characters", "same"), [(79, True), (80, False)])
def test_LONG_BODY_two_pairs_of_characters_are_about_a_word(characters: int, same: bool) -> None:
    """A headline that nobody writes by chance, over two texts of which the shorter has 39 words, or 40."""
    mine, other = ("".join(chr(start + place) for place in range(characters)) for start in (0x5000, 0x6000))
    one, two = (
        dedupe.fingerprint("港口大桥下周一起封闭维修三个月居民须绕行", text, language="zh")
        for text in (mine, other)
    )
    assert len(one.body) == characters - 1
    assert (dedupe.decide(one, two).level == "text") is same


TALK = "After the storm {} harbour of Lindoy stays the talk of the whole town"
TALKS = "Wardens said on Friday that {} harbour of Lindoy is what they will talk about next week, when the fishing fleet and the owners of the ferry have their say, and that nothing is decided until then at all."
TALK_ZH = "暴雨之后港口{}成为全镇居民讨论的话题"
TALKS_ZH = "镇议会周五表示，{}将在下周的会议上讨论，渔船和渡轮的船主都会到场发言，在此之前不会作出任何决定，居民可以旁听。"


@pytest.mark.parametrize(
    ("lang", "title", "text", "mine", "other", "swapped"),
    [
        ("en", TALK, TALKS, "plums quartz brine", "kelp mortar sleet", True),
        ("en", TALK, TALKS, "plums quartz brine gulls", "kelp mortar sleet wicker", False),
        ("zh", TALK_ZH, TALKS_ZH, "甲乙丙丁戊", "子丑寅卯辰", True),
        ("zh", TALK_ZH, TALKS_ZH, "甲乙丙丁戊己", "子丑寅卯辰巳", False),
    ],
)
def test_SWAPPED_words_that_titles_and_texts_have_in_each_others_place(
    lang: str, title: str, text: str, mine: str, other: str, swapped: bool
) -> None:
    """Six pairs of characters are three words."""
    one, two = (
        dedupe.fingerprint(title.format(said), text.format(said), language=lang) for said in (mine, other)
    )
    features = dedupe.decide(one, two).features
    assert (features[-1][0] == "other names") is swapped, features


ROAD = "The road over the Alm pass between Gruenau and Ischl is closed to lorries from {} in May until the end of the season, the county says."


@pytest.mark.parametrize(
    ("kind", "a", "b", "between", "same"),
    [
        (
            "three days",
            ("Pass road closed to lorries", ROAD),
            ("Pass road closed to lorries", ROAD),
            Between(seconds=72 * HOUR),
            True,
        ),
        (
            "and a second more",
            ("Pass road closed to lorries", ROAD),
            ("Pass road closed to lorries", ROAD),
            Between(seconds=72 * HOUR + 1),
            False,
        ),
        (
            "a long text after five days",
            ("Pier closed", LONG),
            ("Pier closed", LONG),
            Between(seconds=5 * DAY),
            True,
        ),
        (
            "one source, within half a day",
            ("Pass road closed to lorries", ROAD),
            ("Pass road closed to lorries", ROAD),
            Between(True, 12 * HOUR - 1),
            True,
        ),
        (
            "one source, half a day later",
            ("Pass road closed to lorries", ROAD),
            ("Pass road closed to lorries", ROAD),
            Between(True, 12 * HOUR),
            False,
        ),
        (
            "one source, an article a day later",
            ("Pier closed for half a year", LONG + " " + ROAD),
            ("Pier closed for half a year", LONG + " " + ROAD),
            Between(True, DAY),
            True,
        ),
        (
            "one source, the same beginning",
            ("Pass road closed to lorries", ROAD),
            ("Pass road closed to lorries", ROAD + " Snow is expected on the northern side."),
            Between(True, HOUR),
            True,
        ),
        (
            "one source, a standing beginning",
            ("Pass road closed to lorries", ROAD),
            ("Pass road closed to lorries", ROAD + " " + BRIDGE),
            Between(True, HOUR),
            False,
        ),
        (
            "one source, another recording",
            ("Pass road closed to lorries", ROAD),
            ("Pass road closed to lorries", ROAD),
            Between(True, HOUR, other_media=True),
            False,
        ),
        (
            "one source, another picture of a text",
            ("Pass road closed to lorries", ROAD),
            ("Pass road closed to lorries", ROAD),
            Between(True, HOUR, other_image=True),
            True,
        ),
        (
            "one source, a headline alone",
            "Pass road closed to lorries from May",
            "Pass road closed to lorries from May",
            Between(True, HOUR),
            False,
        ),
        (
            "two sources, a headline alone",
            "Pass road closed to lorries from May",
            "Pass road closed to lorries from May",
            Between(),
            True,
        ),
        (
            "three telling words",
            "Letters to the Morning Editor",
            "Letters to the Morning Editor",
            Between(),
            False,
        ),
        (
            "long text, one figure of many is another",
            ("Pier closed", LONG + " Costs: 3, 4, 5, 6, 7, 8 and 9 million."),
            ("Pier closed", LONG + " Costs: 3, 4, 5, 6, 7, 8 and 19 million."),
            Between(),
            True,
        ),
        (
            "long text, its one figure is another",
            ("Pier closed", LONG),
            ("Pier closed", LONG.replace("eleven", "12").replace("half a", "3")),
            Between(),
            True,
        ),
        (
            "short text, its figure is another",
            (
                "Pier closed to ships",
                "Divers found cracks in 11 of the piles that carry the eastern pier, the board said.",
            ),
            (
                "Pier closed to ships",
                "Divers found cracks in 12 of the piles that carry the eastern pier, the board said.",
            ),
            Between(),
            False,
        ),
    ],
)
def test_time_and_sources_at_their_edges(kind: str, a: Said, b: Said, between: Between, same: bool) -> None:
    one, other = (dedupe.fingerprint(*said(found)) for found in (a, b))
    reason = dedupe.decide(one, other, between)
    assert (reason.level == "text") == same, (kind, reason)


def told(
    path: Path, *cycles: list[tuple[str, str, str, str, int]], event: int | None = None
) -> dict[str, str]:
    """guid → story after these cycles of (source, guid, title, text, hours), each with the store opened anew."""
    for number, found in enumerate(cycles):
        with open_writer(path) as store:
            put(
                store,
                *(
                    entry(
                        source,
                        guid,
                        title,
                        text,
                        at=NOW - (99 - hours) * HOUR,
                        link=f"https://{source}.example/{guid}",
                    )
                    for source, guid, title, text, hours in found
                ),
                at=NOW + number,
            )
            fold.fold(store, fold.Windows(event_window=event), {})
    with open_writer(path) as store:
        return {str(one.guid): str(story) for one, story, _, _, _ in lookup.dump(store)}


SHOW = "Kitchen Radio is a weekly programme about food and the people who make it. Write to us at the usual address, and follow us on your favourite service."
# A text of its own, and behind it what stands under every item of its source.
SHOWS = [
    (
        "a",
        "1",
        "How bread came to the valley",
        f"A baker from Selm has found the oldest oven of the valley in his cellar. {SHOW}",
        1,
    ),
    (
        "a",
        "2",
        "The last cheese maker",
        f"Nobody wants to take over the dairy that Anna Brandt has run for fifty years. {SHOW}",
        30,
    ),
    (
        "a",
        "3",
        "Salt, and who paid for it",
        f"For two centuries the salt road was the only way over the pass in winter. {SHOW}",
        60,
    ),
]
COPY = [("b", "4", "Anna Brandt’s dairy", f"Subscribe now! {SHOW}", 61)]


@pytest.mark.parametrize(
    "cycles", [[SHOWS + COPY], [SHOWS, COPY], [[SHOWS[2]], [SHOWS[0]], [SHOWS[1]], COPY]]
)
def test_what_stands_under_every_title_is_learnt_once_and_for_all(
    tmp_path: Path, cycles: list[list[tuple[str, str, str, str, int]]]
) -> None:
    assert len(set(told(tmp_path / "t.db", *cycles).values())) == 4
    with open_writer(tmp_path / "t.db") as store:
        found = store.value("SELECT count(*) FROM standing WHERE source = 'a' AND stands = 1")
        assert found == 2, "the sentences of the programme, and none of an item's own"


# Twenty lines under every video of a channel: more than the ends of a text that are looked at in the first place.
CHANNEL = "\n".join(
    f"{verb} {what} of the channel on {where} every day"
    for verb in ("Watch", "Follow", "Join", "Find")
    for what, where in zip(
        ("shows", "pictures", "forums", "podcasts", "letters"),
        ("air", "mail", "paper", "film", "tape"),
        strict=True,
    )
)
VIDEOS = [
    "Mayor of Graz resigns over a parking ticket",
    "Snow closes the Alm pass until Easter",
    "A cellist retires after forty years",
    "Tariffs bite at the docks of Bremen",
    "Wolves are back in the Selm forest",
    "Two bakers fight over one recipe",
]


@pytest.mark.parametrize("at_once", [True, False])
def test_what_stands_between_the_ends_of_a_long_text_is_learnt_from_its_ends_inwards(
    tmp_path: Path, at_once: bool
) -> None:
    said = [
        ("a", title, title, f"{title}, says our reporter.\n{CHANNEL}", n) for n, title in enumerate(VIDEOS)
    ]
    story = told(tmp_path / "t.db", *([said] if at_once else [[one] for one in said]))
    assert len(set(story.values())) == len(VIDEOS)
    with open_writer(tmp_path / "t.db") as store:
        found = store.value("SELECT count(*) FROM standing WHERE source = 'a' AND stands = 1")
        events = store.value("SELECT count(*) FROM event")
    assert found == 20, "all lines of the channel, and none of an item's own"
    assert events == len(VIDEOS)


@pytest.mark.parametrize(
    ("name", "items", "text", "stands"),
    [
        ("two words that are all of the text", 3, "Trailer IMDb", 1),
        ("in two lines", 3, "Trailer\nIMDb", 1),
        ("two titles don't tell yet", 2, "Trailer IMDb", 0),
        ("a short sentence beside others", 3, "{} is told here at some length. Read on.", 0),
    ],
)
def test_a_short_line_stands_where_it_is_all_that_is_said(
    tmp_path: Path, name: str, items: int, text: str, stands: int
) -> None:
    titles = ["The Brannock Ferry (1999)", "House of Winters (2004)", "Bones of Selm (2005)"][:items]
    said = [("a", one, one, text.format(one), n) for n, one in enumerate(titles)]
    told(tmp_path / "t.db", said, event=72 * HOUR)
    with open_writer(tmp_path / "t.db") as store:
        assert store.value("SELECT count(*) FROM standing WHERE stands = 1") == stands, name
        assert not stands or store.value("SELECT count(*) FROM event") == items, name


def test_of_an_article_that_comes_again_under_another_headline_the_middle_is_its_own(tmp_path: Path) -> None:
    people = [
        "bakers",
        "smiths",
        "nurses",
        "drivers",
        "pilots",
        "singers",
        "farmers",
        "dancers",
        "teachers",
        "printers",
    ]
    article = "\n".join(f"The {one} of the valley told us what they think" for one in people)
    headlines = ["Ferry to Ischia is cancelled", "Boats stay in the harbour of Naples"]
    told(tmp_path / "t.db", [("a", one, one, article, n) for n, one in enumerate(headlines)])
    with open_writer(tmp_path / "t.db") as store:
        found = store.value("SELECT count(*) FROM standing WHERE source = 'a' AND stands = 1")
    assert found == 2 * standing.ENDS


def test_a_sentence_stands_with_the_second_title_and_a_tail_with_the_third() -> None:
    first, second = "Tram derails in Linz | Night Desk", "Mayor of Graz resigns | Night Desk"
    assert dedupe.tells_apart(first, second, ("write", "to", "us", "today"), "en")
    assert not dedupe.tells_apart(first, second, ("the", "mayor", "was", "elected"), "en"), (
        "it says what a title says"
    )
    assert not dedupe.tells_apart(first, "Tram derails in Linz - Night Desk", ("write", "to", "us"), "en"), (
        "one item"
    )


def test_the_tail_of_all_titles_is_no_part_of_a_title(tmp_path: Path) -> None:
    titles = ["Tram derails in Linz", "Mayor of Graz resigns", "Snow closes the Alm pass"]
    told(
        tmp_path / "t.db",
        [("a", str(n), f"{title} | Night Desk Extra", "", n) for n, title in enumerate(titles)],
    )
    with open_writer(tmp_path / "t.db") as store:
        found = store.rows("SELECT part FROM standing WHERE source = 'a' AND stands = 1")
    stands = {row[0] for row in found}
    fingerprint = dedupe.fingerprint("Ferry runs aground | Night Desk Extra", "", "", stands)
    assert fingerprint.title == ("ferry", "runs", "aground") and "night" in fingerprint.heading.lower()


@pytest.mark.parametrize(
    ("title", "left"),
    [
        ("港务局批准新的码头_海港网", "港务局批准新的码头"),
        ("港务局批准码头_海港网", "港务局批准码头_海港网"),  # seven characters would be left
        ("港务局批准码头建_海港网", "港务局批准码头建"),
        ("港务局批准新的码头_海港", "港务局批准新的码头_海港"),
        ("Port approves its new pier _net", "Port approves its new pier _net"),
    ],
)
def test_SITE_LEFT_the_name_of_a_site_is_cut_where_a_headline_is_left(title: str, left: str) -> None:
    assert dedupe.fingerprint(title, "").heading == left


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("$2bn", "2 billion dollar"),
        ("US$ 2.50 bln", "2.5 billion dollar"),
        ("£1m", "1 million pound"),
        ("1 m", "1 m"),
        ("350 M€", "350 million euro"),
        ("10k", "10 thousand"),
        ("2 Mrd. Dollar", "2 milliard Dollar"),
        ("3.4%", "3.4 percent"),
        ("3,4 pour cent", "3.4 percent"),
        ("yüzde 3,4", "3.4 percent"),
        ("0.5 percent.", "0.5 percent"),
        ("G7%", "G7%"),
        ("mio 5", "mio 5"),
    ],
)
def test_an_amount_is_read_as_it_is_meant(written: str, meant: str) -> None:
    assert numbers.read(written) == meant


def test_a_kicker_is_told_from_the_headline() -> None:
    assert dedupe.fingerprint("Energy crisis: council turns off the lights", "").headline == (
        "council",
        "turns",
        "off",
        "the",
        "lights",
    )
    assert dedupe.fingerprint("Council turns off the lights: who pays?", "").kicker == 0, (
        "too long before too little"
    )


@pytest.mark.parametrize(
    ("kind", "a", "b", "same"),
    [
        ("two things on one page", ("Printing works again", "#v1"), ("Faster network stack", "#v2"), False),
        (
            "one thing, and where to look",
            ("Printing works again", "#top"),
            ("Printing works again", "#text"),
            True,
        ),
        ("two days of a log", ("Log of Monday", "#mon"), ("Log of Tuesday", "#tue"), False),
        ("where it was found", ("Log of Monday", "#from=rss-1"), ("Log of Tuesday", "#from=rss-2"), True),
        ("a place in the page", ("Printing works again", ""), ("Printing works", "#news"), True),
        ("a comment on it", ("Printing works again", ""), ("Re: Printing works again", "#comment-4"), False),
        ("a comment in a list", ("Printing works", "#li-comment-4"), ("Printing works", ""), False),
        ("a post of a forum", ("Printing works", "#p4"), ("Printing works", "#top"), False),
        ("an answer of a tracker", ("Printing works", "#issuecomment-12"), ("Printing works", ""), False),
        ("one comment", ("Re: Printing works", "#comment-4"), ("Re: Printing works", "#comment-4"), True),
        ("no word in common", ("Printing works again", ""), ("Faster network stack", ""), False),
        ("another headline", ("Printing works again", ""), ("What works since version two", ""), True),
    ],
)
def test_one_link_is_one_item_unless_it_leads_to_two_things(
    tmp_path: Path, kind: str, a: tuple[str, str], b: tuple[str, str], same: bool
) -> None:
    with open_writer(tmp_path / "t.db") as store:
        for source, (title, fragment) in (("a", a), ("b", b)):
            put(store, entry(source, source, title, link=f"https://soft.example/changes{fragment}"))
        fold.fold(store, fold.Windows(event_window=None), {})
        assert (len({str(story) for _, story, _, _, _ in lookup.dump(store)}) == 1) == same, kind


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("", "", 0.0),
        ("x", "", 0.0),
        ("x", "y", 0.0),
        ("x y", "y x", 1.0),
        ("x y", "y z", 0.5),
        ("x x", "x", 2 / 3),  # a word counts as often as both say it
        ("x x y", "x x z", 2 / 3),
        ("x x x y", "x x z z", 0.5),
    ],
)
def test_titles_are_as_alike_as_the_words_that_they_share(a: str, b: str, expected: float) -> None:
    one, other = tuple(a.split()), tuple(b.split())
    assert title_similarity(one, other) == title_similarity(other, one) == pytest.approx(expected)


def test_B8_long_titles_are_compared_in_linear_time() -> None:
    """Of a thousand characters each, as in Chinese, where each pair is a word: a thousand items took a minute."""
    one, other = tuple("東京都大阪府新聞記事" * 2000), tuple("新聞記事東京都大阪府" * 2000)
    started = time.process_time()
    assert title_similarity(one, other) == 1.0
    assert time.process_time() - started < 1
