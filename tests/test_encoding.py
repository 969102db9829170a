"""Names of encodings as standards, servers and authors write them."""

from __future__ import annotations

import pytest

from aggregator.model import FetchResult, Limits, Source
from aggregator.parse import encoding, parse
from tests.hostile_cases import channel

# All labels of the WHATWG encoding standard that name letters of one or more bytes, by Python's codec.
WHATWG = {
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc_jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949",
    "gb18030": "gb18030 chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso2022_jp_ext": "csiso2022jp iso-2022-jp",
    "iso8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso8859-16": "iso-8859-16",
    "iso8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "iso8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
    "iso8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek",
    "iso8859-8": "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac-roman": "csmacintosh mac macintosh x-mac-roman",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254",
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
}


@pytest.mark.parametrize(("codec", "labels"), WHATWG.items())
def test_C8_labels_of_browsers(codec: str, labels: str) -> None:
    assert {label: encoding._codec(label) for label in labels.split()} == dict.fromkeys(labels.split(), codec)
    assert {encoding._codec(f' "{label.upper()}" ;') for label in labels.split()} == {codec}


CYRILLIC, THAI, JAPANESE, CHINESE, KOREAN = "Первая новость", "ข่าววันนี้", "東京で地震", "中国新闻", "한국 뉴스"


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("cp-1251", "cp1251", CYRILLIC),
        ("CP1251", "cp1251", CYRILLIC),
        ("cp_1251", "cp1251", CYRILLIC),
        ("win-1251", "cp1251", CYRILLIC),
        ("win1251", "cp1251", CYRILLIC),
        ("windows1251", "cp1251", CYRILLIC),
        ("Windows_1251", "cp1251", CYRILLIC),
        ("x-windows-1251", "cp1251", CYRILLIC),
        ("ansi-1251", "cp1251", CYRILLIC),
        ("ms-1251", "cp1251", CYRILLIC),
        ("x-mac-cyrillic", "mac-cyrillic", CYRILLIC),
        ("MacCyrillic", "mac-cyrillic", CYRILLIC),
        ("koi8", "koi8-r", CYRILLIC),
        ("KOI8R", "koi8-r", CYRILLIC),
        ("koi8-ru", "koi8-u", "Україна"),
        ("cp866", "cp866", CYRILLIC),
        ("iso8859_5", "iso8859-5", CYRILLIC),
        ("iso-8859-5:1988", "iso8859-5", CYRILLIC),
        ("windows-874", "cp874", THAI),
        ("TIS-620", "cp874", THAI),
        ("tis620", "cp874", THAI),
        ("dos-874", "cp874", THAI),
        ("iso-8859-11", "cp874", THAI),
        ("windows-31j", "cp932", JAPANESE),
        ("x-sjis", "cp932", JAPANESE),
        ("Shift-JIS", "cp932", JAPANESE),
        ("MS932", "cp932", JAPANESE),
        ("cp932", "cp932", JAPANESE),
        ("x-euc-jp", "euc_jp", JAPANESE),
        ("EUCJP", "euc_jp", JAPANESE),
        ("euc-jp", "euc_jis_2004", "①番"),
        ("iso-2022-jp", "iso2022_jp", JAPANESE),
        ("x-gbk", "gbk", CHINESE),
        ("GB_2312-80", "gb2312", CHINESE),
        ("gb-18030", "gb18030", CHINESE),
        ("cp936", "gbk", CHINESE),
        ("x-x-big5", "big5", "香港新聞"),
        ("Big5-HKSCS", "big5hkscs", "香港嘅"),
        ("ks_c_5601-1987", "cp949", KOREAN),
        ("windows-949", "cp949", KOREAN),
        ("x-euc-kr", "euc_kr", KOREAN),
        ("iso-8859-8-i", "iso8859-8", "שלום"),
        ("visual", "iso8859-8", "שלום"),
        ("sun_eu_greek", "iso8859-7", "Αθήνα"),
        ("latin-2", "iso8859-2", "Łódź"),
        ("iso8859-15", "iso8859-15", "œuvre €"),
        ("windows-1254", "cp1254", "İstanbul ığş"),
        ("cp28592", "iso8859-2", "Łódź"),
        ("x-mac-roman", "mac-roman", "café"),
        ("ISO 8859-1", "cp1252", "it’s"),
        ("l1", "cp1252", "“q”"),
        ("ascii", "cp1252", "café"),
        ("utf8", "utf-8", CYRILLIC),
        ("UTF-8;", "utf-8", CYRILLIC),
        ("utf_8", "utf-8", CYRILLIC),
        ("unicode-1-1-utf-8", "utf-8", CYRILLIC),
        ("cp65001", "utf-8", CYRILLIC),
        (" utf-8 ", "utf-8", CYRILLIC),
        ("x-unknown-yet", "utf-8", CYRILLIC),
        ("none", "utf-8", CYRILLIC),
        ("utf-16", "utf-8", CYRILLIC),
        ("x-user-defined", "utf-8", CYRILLIC),
        ("utf-7", "utf-8", CYRILLIC),
    ],
)
def test_C8_names_as_they_are_written(label: str, codec: str, text: str) -> None:
    declarations = [f'encoding="{label}"', f"encoding = '{label.upper()}'"]
    said: list[tuple[str, tuple[tuple[str, str], ...]]]
    said = [(f'<?xml version="1.0" {one}?>', ()) for one in declarations]
    said.append(("", (("content-type", f'text/xml; Charset="{label}"'),)))
    said.append(("", (("content-type", f"text/xml;charset={label}; profile=x"),)))
    for declaration, headers in said:
        body = (declaration + channel(f"<item><title>{text}</title></item>").decode()).encode(codec)
        found = parse(
            Source("s"), FetchResult("https://n.example/f", 1_790_000_000, 200, headers, body), Limits()
        )
        assert [one.title for one in found.entries] == [text], (declaration, headers)


@pytest.mark.parametrize(
    "name",
    [
        "utf-7",
        "hex",
        "rot13",
        "idna",
        "undefined",
        "x-user-defined",
        "replacement",
        "",
        "💥",
        "utf-16",
        "unicode",
        "ucs-2",
        "cp99999",
    ],
)
def test_C8_no_encoding_of_text(name: str) -> None:
    assert encoding._codec(name) is None


HEADER = (("content-type", "text/xml; charset=iso-8859-1"),)


@pytest.mark.parametrize(
    ("name", "language", "codec", "text", "declared", "headers"),
    [
        ("Russian", "ru", "cp1251", CYRILLIC, None, ()),
        ("of Russia", "ru-RU", "cp1251", CYRILLIC, None, ()),
        ("of Unix", "ru", "koi8-r", CYRILLIC, None, ()),
        ("called UTF-8", "ru", "cp1251", CYRILLIC, "utf-8", ()),
        ("a server's default", "ru", "cp1251", CYRILLIC, None, HEADER),
        ("called Latin", "ru", "cp1251", CYRILLIC, "iso-8859-1", ()),
        ("Ukrainian", "uk", "koi8-u", "Україна і Європа", None, ()),
        ("Greek", "el", "cp1253", "Νέα από την Αθήνα", None, ()),
        ("Hebrew", "he", "cp1255", "חדשות", None, ()),
        ("Arabic", "ar", "cp1256", "الأخبار", None, ()),
        ("Thai", "th", "cp874", THAI, None, ()),
        ("Japanese, of Unix", "ja", "euc_jp", JAPANESE, None, ()),
        ("Japanese, of Windows", "ja", "cp932", JAPANESE, None, ()),
        ("Korean", "ko", "cp949", KOREAN, None, ()),
        ("Chinese", "zh-CN", "gbk", CHINESE, None, ()),
        ("of Taiwan", "zh_TW", "big5", "中國新聞", None, ()),
        ("Polish", "pl", "cp1250", "Źdźbło w Łodzi", None, ()),
        ("Turkish", "tr", "cp1254", "İstanbul ığş", "utf-8", ()),
        ("Lithuanian", "lt", "cp1257", "Žinios čia", None, ()),
        ("what is declared holds", "ru", "mac-cyrillic", CYRILLIC, "x-mac-cyrillic", ()),
        ("Latin that a server calls so", "pl", "cp1252", "¹ en °C", None, HEADER),
        ("French in a feed that is called Russian", "ru", "cp1252", "Café à la crème brûlée", None, ()),
        ("French", "fr", "cp1252", "Café à la crème", None, ()),
        ("UTF-8", "ru", "utf-8", CYRILLIC, None, HEADER),
        ("UTF-8 of Java", "ja", "utf-8", JAPANESE + "😀", None, ()),
    ],
)
def test_C8_the_language_tells_where_nothing_else_does(
    name: str,
    language: str,
    codec: str,
    text: str,
    declared: str | None,
    headers: tuple[tuple[str, str], ...],
) -> None:
    start = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    says = {
        "RSS": f"<language>{language}</language>",
        "Dublin Core": f"<dc:language>{language}</dc:language>",
    }
    for where, element in says.items():
        feed = start + channel(f"{element}<item><title>{text}</title></item>").decode()
        body = feed.encode(codec)
        if name == "UTF-8 of Java":
            body = feed.encode("utf-16-le", "surrogatepass").decode("utf-16-le").replace("😀", "").encode()
            body = body.replace(text[:-1].encode(), text[:-1].encode() + b"\xed\xa0\xbd\xed\xb8\x80")
        found = parse(
            Source("s"), FetchResult("https://n.example/f", 1_790_000_000, 200, headers, body), Limits()
        )
        assert [one.title for one in found.entries] == [text], (name, where)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_C8_json_in_any_encoding(codec: str) -> None:
    body = '{"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": [{"id": "1", "title": "Café"}]}'
    found = parse(
        Source("s", url="https://n.example/f"),
        FetchResult("https://n.example/f", 1_790_000_000, 200, (), body.encode(codec)),
        Limits(),
    )
    assert [one.title for one in found.entries] == ["Café"], found.failure


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("a line end in a text", '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "a\nb\tc"}]}', "a b c"),
        ("an error", '{"title": "Not Found", "status": 404}', "JSON, not a feed; it says: “Not Found”"),
        ("an error in a table", '{"error": {"code": 5}}', 'JSON, not a feed; it says: “{"code": 5}”'),
    ],
)  # fmt: skip
def test_json_as_it_comes(name: str, body: str, expected: str) -> None:
    found = parse(
        Source("s", url="https://n.example/f"),
        FetchResult("https://n.example/f", 1_790_000_000, 200, (), body.encode()),
        Limits(),
    )
    said = found.failure.detail if found.failure else found.entries[0].title
    assert said == expected, name
