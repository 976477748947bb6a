"""Which lines of a mail are the form: quotations, earlier mails, banners, signatures and disclaimers put aside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.forms import FieldKind, Form
from gateway.forms._grammar import Vocabulary
from gateway.forms._values import COLON, LONG, tick
from gateway.identifiers.written import looks_like_code
from gateway.language import normalise

Line = tuple[int, str]  # number as the writer sees it, text

_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200d\ufe0e\ufe0f\u200e\u200f\u061c\u2060\u2066-\u2069\u202a-\u202c\ufeff\u180e]"
)
_SIGNATURE = re.compile(r"-- ?")
# The line by which clients introduce a quotation ends with a colon, in any language.
_ATTRIBUTION = re.compile(r".{4,}[:：]\s*")
_WHEN_OR_WHO = re.compile(r"\d[:.]\d\d|@")
_RULE = re.compile(r"\s*(?:-{3,}|_{5,})")
_INTRODUCED = 25  # lines at most between the heading of a form and its title, however a client breaks them
_DEEPEST = 3  # levels of quotation looked at one by one
# The lines of an earlier mail's head, as Outlook, Apple Mail and GMX put them above it without marking its text.
_FROM = frozenset(map(normalise, "From Von De От 发件人 寄件者 من Da Van Från Od".split()))
_HEAD = _FROM | frozenset(
    map(
        normalise,
        "Sent Gesendet Envoyé Enviado Enviado-el Отправлено 发送时间 Date Datum Fecha Дата 日期 التاريخ To An À Para A "
        "Кому 收件人 إلى Cc Copie Копия 抄送 نسخة Subject Betreff Objet Asunto Тема 主题 الموضوع تاريخ-الإرسال".split(),
    )
)

# What telephones and mail programs put below a mail by themselves, in words of theirs: normalised, with the product.
_SENT = re.compile(
    "(?:sent(?:from|via|with)|getoutlook|envoye(?:de|a|avec)|(?:obtenir|obtenez|telecharge[rz])outlook|enviado(?:de|con)"
    "|(?:obtener|obtenga|descargar)outlook|отправлено(?:с|из)|(?:скачать|получить|загрузить)outlook|发自|发送自|从我的|来自我的|获取"
    "|ارسلت?من|مرسلة?من|تمالارسالمن|الحصولعلى|vonmein|gesendet(?:von|mit)|inviatod|enviadodo|verzondenvan|skickatfran"
    ").{0,24}(?:iphone|ipad|ios|android|outlook|windows|galaxy|samsung|huawei|xiaomi|redmi|blackberry|nokia|yahoo|proton"
    "|gmail|gmx|яндекс|mailru|手机|邮箱).{0,24}"
    "|sentfrommy(?:mobile|smart|cell)*(?:phone|device)?|envoye(?:demon|depuismon)(?:mobile|telephone|smartphone|portable)"
    "|enviadodesdemi(?:movil|telefono|celular)(?:movil)?|отправленос(?:моего)?(?:мобильного)?(?:телефона|смартфона)"
    "|ارسلت?منهاتفي"
)
# The lines by which a mail is closed; its writer's name and telephone number stand below them.
_CLOSING = frozenset(
    normalise(closing)
    for closing in (
        "Regards|Best regards|Kind regards|With best regards|With kind regards|Sincerely|Yours sincerely|Respectfully"
        "|Yours faithfully|Cordialement|Bien cordialement|Salutations|Salutations distinguées|Meilleures salutations"
        "|Respectueusement|Saludos|Saludos cordiales|Un saludo|Un cordial saludo|Atentamente|Cordialmente"
        "|Respetuosamente|С уважением|С наилучшими пожеланиями|С искренним уважением|此致|此致敬礼|敬礼|顺祝商祺|祝好"
        "|مع التحية|مع التحيات|تحياتي|مع أطيب التحيات|مع خالص التحية|مع فائق الاحترام|والسلام عليكم"
        "|وتفضلوا بقبول فائق الاحترام|والسلام عليكم ورحمة الله وبركاته|Mit freundlichen Grüßen|Atenciosamente"
        "|Cordiali saluti|Med vänlig hälsning"
    ).split("|")
)
_SIGNED = frozenset({"message", "description"})  # fields that are letters of their own, with what closes them
_SIGNATURE_LINES, _SIGNATURE_LINE = 12, 60  # at most, and characters of each: what is longer says something
_LINK = re.compile(r"[<(\[]https?://[^<>()\[\]]{0,200}[>)\]]")
_SHOWN = 60  # characters of such a line, without the link behind it


def form_lines(lines: Sequence[str], vocabulary: Vocabulary, nth: int = 0) -> tuple[str, list[Line], list[str]]:
    """(name of the form, its lines below the title, text outside it); name "" when there is no title.

    A form above a quotation counts before one inside it; a quoted form that was filled in counts when
    there is no other. `nth`: of several forms that stand beside one another.
    """
    measured = [(number, line, depth_of(line)) for number, line in enumerate(lines, 1)]
    deepest = max((depth for _, _, depth in measured), default=0)
    for depth in sorted({*range(min(deepest, _DEEPEST) + 1), deepest}):
        found = _from_title(_down_to(depth, measured, vocabulary), vocabulary, nth)
        if found is not None:
            return found
    return "", [], [line for _, line, depth in measured if not depth]


def depth_of(line: str) -> int:
    """How deep a line is quoted."""
    quoted = _QUOTE.match(line)
    return quoted[0].count(">") if quoted else 0


def unquoted(line: str) -> str:
    """A line without the marks of quotation."""
    quoted = _QUOTE.match(line)
    return line[quoted.end() :] if quoted else line


def _down_to(depth: int, measured: Sequence[tuple[int, str, int]], vocabulary: Vocabulary) -> list[Line]:
    """The lines that are quoted no deeper, without their marks, and without the lines that introduce what is deeper."""
    kept: list[Line] = []
    blank = 0
    for number, line, level in measured:
        if level > depth:
            _drop_attribution(kept, blank, vocabulary)
            blank = 0
            continue
        bare = unquoted(line) if level else line
        kept.append((number, bare))
        blank = 0 if bare.strip() else blank + 1
    return kept


def _drop_attribution(kept: list[Line], blank: int, vocabulary: Vocabulary) -> None:
    place = len(kept) - blank - 1
    line = visible(kept[place][1]) if place >= 0 else ""
    if not _ATTRIBUTION.fullmatch(line) or any(vocabulary.label(f, line[:-1]) for f in vocabulary.forms.values()):
        return
    above = kept[place - 1][1] if place else ""
    wrapped = bool(_WHEN_OR_WHO.search(above)) and not _WHEN_OR_WHO.search(line)
    if len(line) > 20 or wrapped:
        del kept[place - wrapped :]


def _from_title(lines: list[Line], vocabulary: Vocabulary, nth: int) -> tuple[str, list[Line], list[str]] | None:
    titles = [(place, name) for place, (_, line) in enumerate(lines) if (name := vocabulary.title(visible(line)))]
    top = next((place for place, (_, line) in enumerate(lines) if visible(line)), 0)
    titles = [(place, name) for place, name in titles if place == top or not is_anothers(lines[place][1])]
    if not titles:
        return None
    if nth >= len(titles):
        return "", [], []
    first, name = titles[nth]
    end = _earlier_mail(lines, first + 1, titles[nth + 1][0] if len(titles) > nth + 1 else len(lines))
    body = _above_heading(lines[first + 1 : end], vocabulary) if len(titles) > nth + 1 else lines[first + 1 : end]
    body, tail = _signature_apart(body, name, vocabulary)
    return name, body, [*(line for _, line in lines[: titles[0][0]]), *tail, *(line for _, line in lines[end:])]


def is_anothers(line: str) -> bool:
    """Whether a line can stand in a letter as another's words: behind a bar, or as a UIM, which has no space in it.

    Who fills in the form of a letter sends these words back with it. What was written by the other side, to be read as
    a form of whoever answers (`GSP REPLY` as a question, `GSPREPLY` as a UIM), begins none.
    """
    shown = visible(line)
    return shown.startswith("|") or (shown.isascii() and not any(map(str.isspace, shown)))


def _above_heading(body: list[Line], vocabulary: Vocabulary) -> list[Line]:
    """A form without what the letter says of the next one, which stands below it."""
    lowest = range(len(body) - 1, max(len(body) - _INTRODUCED, 0) - 1, -1)
    return body[: next((place for place in lowest if vocabulary.heading(visible(body[place][1]))), len(body))]


def _earlier_mail(lines: Sequence[Line], first: int, end: int) -> int:
    """Where the head of an earlier mail stands: three of its lines together, who sent it among them; else `end`."""
    length, start, sender = 0, end, False
    for place in range(first, end):
        line = lines[place][1]
        word = normalise(visible(line[:40]).partition(":")[0]) if ":" in line[:24] else ""
        if word in _HEAD:
            start = place if not length else start
            length, sender = length + 1, sender or word in _FROM
            if length > 2 and sender:
                return _above_rule(lines, first, start)
        elif length and line.strip():
            length, sender = 0, False
    return end


def own_lines(lines: Sequence[str]) -> int:
    """How many lines stand above the unmarked copy of an earlier mail; all where there is none."""
    return _earlier_mail(list(enumerate(lines, 1)), 0, len(lines))


def own_text(lines: Sequence[str], vocabulary: Vocabulary) -> list[Line]:
    """The lines that the writer typed: without quotations, the lines that introduce them, and an earlier mail below."""
    measured = [(number, line, depth_of(line)) for number, line in enumerate(lines[: own_lines(lines)], 1)]
    return _down_to(0, measured, vocabulary)


def _above_rule(lines: Sequence[Line], first: int, start: int) -> int:
    """The same place, or that of the `-----Original Message-----` or the row of underscores above it."""
    place = start
    while place > first and not lines[place - 1][1].strip():
        place -= 1
    return place - 1 if place > first and _RULE.match(lines[place - 1][1]) else start


def _signature_apart(body: list[Line], name: str, vocabulary: Vocabulary) -> tuple[list[Line], list[str]]:
    """(the form, text outside it): below "-- " stands a signature, up to where the writer went on with the form."""
    form = vocabulary.forms[name]
    for place, (_, line) in enumerate(body):
        if not is_signature(line):
            continue
        below = body[place + 1 :]
        again = next(
            (at for at, (_, text) in enumerate(below) if _goes_on(visible(text), form, vocabulary)), len(below)
        )
        return [*body[:place], *below[again:]], [text for _, text in below[:again]]
    return body, []


def is_signature(line: str) -> bool:
    """Whether a signature stands below this line (RFC 3676, 4.3; some clients drop the space)."""
    return _SIGNATURE.fullmatch(line.rstrip("\r\n")) is not None


def is_added(shown: str) -> bool:
    """Whether a line is what a telephone or a mail program puts below a mail by itself, such as `Sent from my iPhone`.

    No code stands in it.
    """
    bare = _LINK.sub("", shown) if "://" in shown[:300] else shown
    if len(bare) > _SHOWN or any(map(looks_like_code, bare.split())):
        return False
    return _SENT.fullmatch(normalise(bare)) is not None


def without_closing(lines: Sequence[str], name: str) -> list[str]:
    """The lines of a text without empty ones and a telephone's words at the end; but in a message also without what
    closes the mail, and the signature below it: the other side has no need of it. `name`: the field's."""
    kept = list(lines)
    for place in range(max(len(kept) - _SIGNATURE_LINES, 0), 0 if name in _SIGNED else len(kept)):
        stands_alone = not place or not visible(kept[place - 1])
        is_short = all(len(line) <= _SIGNATURE_LINE for line in kept[place:])
        if stands_alone and is_short and normalise(kept[place]) in _CLOSING:
            del kept[place:]
            break
    while kept and (not kept[-1] or is_added(visible(kept[-1]))):
        del kept[-1]
    return kept


def _goes_on(line: str, form: Form, vocabulary: Vocabulary) -> bool:
    colon = COLON.search(line, 0, LONG)
    if colon is not None and vocabulary.label(form, line[: colon.start()]):
        return True
    return tick(line) is not None and any(field.kind is FieldKind.TICKS for field in form.fields)


def visible(line: str) -> str:
    """A line without invisible marks, with plain spaces."""
    if line.isascii():
        return line.strip()
    return re.sub(r"[\u00a0\u2000-\u200a\u202f\u3000]", " ", _INVISIBLE.sub("", line)).strip()
