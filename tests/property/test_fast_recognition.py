"""Recognition remembers, sorts and takes short cuts: what it says is what the slow and obvious way says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import re2
from hypothesis import given
from hypothesis import strategies as st

from gateway import data, library
from gateway.content import Uim
from gateway.library import PatternLibrary
from gateway.library.changes import written
from gateway.library.dialect import encoded, options
from gateway.library.judge import Judge
from gateway.library.lint import SAMPLES_UNTIL
from gateway.library.rows import Rest, rest_of, simple
from tests.support.plain import PlainJudge, hits

_HOSTILE = "0O1IlZ5S8B&;.-(<]\x1d\x00\n \u00e9\u0410\u0661\uff11\ud800\udc80\U0001f6ac"
_STAMP = {"check": "time stamp", "from": -8}


def _scheme(name: str, pattern: str, *valid: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": f"Made up, {name}",
        "party": "KE",
        "issuer": "Printing works",
        "level": "unit packet",
        "structure": "made up for this test",
        "pattern": pattern,
        "decides": "sure",
        "rank": 90,
        "valid": list(valid),
        "confidence": "high",
        "verified": True,
        "source": "made up for this test",
    } | more


# Prefixes that begin alike, one scheme of two prefixes, prefixes of non-Parties, remarks, and patterns of all kinds.
_MADE_UP = [
    _scheme("pq", r"PQ[0-9A-Za-z]{4}\d{8}", "PQabcd25051914", prefixes=["PQ"], checks=[_STAMP]),
    _scheme("pqr", r"PQR[0-9A-Z]{3,9}\d{8}", "PQRABC25051914", prefixes=["PQR"], checks=[_STAMP], party="UY"),
    _scheme("pqr-twin", r"PQR[0-9A-Z]{11}", "PQRABC25051914", prefixes=["PQR"], decides="ambiguous", rank=60),
    _scheme("pqrs", r"PQRS(?:A|BB)?[a-z]{2}\d{8}", "PQRSBBab25051914", prefixes=["PQRS"], decides="ambiguous", rank=55),
    _scheme("two", r"X[YZ]9[!-~]{8}", "XY9&amp;abc", "XZ912345678", prefixes=["XY9", "XZ9"]),
    _scheme("dot", r"XY9.{2,8}", "XY9\u00e9\u00e9", prefixes=["XY9"], decides="ambiguous", rank=50),
    _scheme(
        "other",
        r"0104600\d{9}21[!-z]{5,7}(?:\x1d93[0-9A-Za-z]{4})?",
        "010460000012345521abcde",
        prefixes=["0104600"],
        party="RU",
        decides="not a party",
        rank=60,
        checks=[{"check": "gs1 key"}],
        support={"gs1_prefixes": ["460-469"]},
    ),
    _scheme(
        "advised",
        r"JJ[0-9A-Z]{12}",
        "JJAAAA25051914",
        prefixes=["JJ"],
        checks=[{"check": "time stamp if any", "from": -8}],
        advice=[{"check": "prefix again"}],
        validity={"from": "2024-01-01"},
        fields=[{"name": "time stamp", "at": [-8, None]}],
    ),
    _scheme("free", "XQ7[!-Z_a-z]{4,45}", "XQ7ABCDEFGH", prefixes=["XQ7"]),
    _scheme("twelve", "PWX[0-9A-Z]{9}", "PWX123456789", prefixes=["PWX"]),
    _scheme("as-two", "PWX[0-9A-Z]{21}", "PWX123456789ABCDEFGHIJKL", prefixes=["PWX"]),
    _scheme(
        "mere",
        r"0104601\d{9}21[a-z]{7}",
        "010460100012345521abcdefg",
        prefixes=["0104601"],
        party="RU",
        decides="not a party",
        rank=60,
    ),
    _scheme(
        "hinted",
        r"01047\d{11}21[A-Z]{3}",
        "010470000012345521ABC",
        prefixes=["01047"],
        decides="hint",
        rank=9,
        party=None,
        confidence="low",
        verified=False,
    ),
    *(
        _scheme(f"shape-{n}", pattern, valid, decides="hint", rank=9, party=None, confidence="low", verified=False)
        for n, (pattern, valid) in enumerate(
            [(r"[A-Z]{2}[0-9A-Z]{12}", "ZZ0000000000AA"), (r"\d{14}|[A-Z]\d{13}", "Z0000000000000"), (r"\D+", "aaaa")]
        )
    ),
]


@lru_cache(maxsize=1)
def _texts() -> dict[str, str]:
    return {**data.pattern_texts(), "made_up.yaml": written(_MADE_UP)}


@lru_cache(maxsize=1)
def _samples() -> list[str]:
    return [sample for scheme in library.load(_texts()).schemes for sample in (*scheme.valid, *dict(scheme.invalid))]


@st.composite
def _codes(draw: st.DrawFn) -> str:
    """A sample as it is or with its serial number changed, misread, cut, repeated, or in other clothes."""
    code = draw(st.sampled_from(_samples()))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(code)))
        code = code[:place] + draw(st.sampled_from((*_HOSTILE, "", "7", "k"))) + code[place + draw(st.integers(0, 1)) :]
    changes: list[Callable[[str], str]] = [
        lambda code: code,
        str.lower,
        lambda code: f"]d2{code}",
        lambda code: code * 9,
        lambda code: code[:-8] + "25130199",
        lambda code: code[:-8] + "39010100",
        lambda code: re.sub(r"^(01)(\d{14})(21)", r"(\1)\2(\3)", code),
        lambda code: f"https://id.gs1.example/01/{code[2:16]}",
    ]
    return draw(st.sampled_from((*changes[:1] * 6, *changes)))(code)


@given(st.lists(_codes() | st.text(max_size=40), max_size=12))
def test_what_is_said_of_a_list_is_what_is_said_when_each_pattern_is_tried_on_each_uim(codes: list[str]) -> None:
    known = library.load(_texts())
    uims = [Uim(code, "", 2 * line) for line, code in enumerate(codes * 2)]
    said = known.verdicts(uims, SAMPLES_UNTIL)
    assert said == PlainJudge(known, SAMPLES_UNTIL).verdicts(uims)
    assert said == Judge(PatternLibrary(known.catalogue), SAMPLES_UNTIL).verdicts(uims), "nothing remembered before"


def test_of_codes_that_are_alike_each_is_judged_by_its_own_characters() -> None:
    known = library.load(_texts())
    now = datetime(2025, 5, 19, 14, 10, tzinfo=UTC)
    ends = ("25051914", "25130199", "7", "25051913", "25051915", "25051916", "25052000", "25051924", "25051860")
    codes = [code for sample in _samples() for code in (sample, *(sample[: -len(end)] + end for end in ends))]
    codes += [code for sample in _samples() for code in (sample + "...", sample + ",", sample * 2, f"{sample}-x")]
    ends = ("cdefg...", "-cd-25051914", ";25051914;", "\udc80cd")
    codes += [f"XQ7ab{one}" for end in ends for one in ("c" * len(end), end)]
    codes += [code for n in range(100) for code in (f"01047{n:02}00012345{n % 10}21ABC", f"0104601{n:09}21abcdefg")]
    uims = [Uim(code, "", 2 * line) for line, code in enumerate(codes * 2)]
    for at in (now, SAMPLES_UNTIL):
        assert known.verdicts(uims, at) == PlainJudge(known, at).verdicts(uims)


@given(_codes())
def test_a_code_hits_the_schemes_whose_pattern_prefix_and_length_it_has_and_no_others(code: str) -> None:
    known = library.load(_texts())
    normal = known.canonical(code)
    assert known.hits(normal) == hits(known.schemes, normal)
    assert set(known.fits(code, SAMPLES_UNTIL)) == {
        scheme.id for scheme in hits(known.schemes, normal) if not scheme.faults(normal, SAMPLES_UNTIL)
    }


_PIECES = st.tuples(
    st.sampled_from(["A", "7", r"\d", r"\x1d", "[A-Z]", r'[0-9A-Za-z!"%&()*+,\-./:;<=>?_]', "[!-Z_a-z]", "[0-9A-F]"]),
    st.sampled_from(["", "", "{1}", "{2}", "{0,3}", "{1,2}"]),
)


@given(st.lists(_PIECES, min_size=1, max_size=5), st.text("A7a_F!&\x1d\n\u0661\u00e9", max_size=9))
def test_a_simple_pattern_means_the_same_to_python_as_to_re2(pieces: list[tuple[str, str]], code: str) -> None:
    pattern = "".join(map("".join, pieces))
    parts = simple(pattern)
    if parts is None:
        assert sum("," in times for _, times in pieces) > 1, "more than one piece of any length can take long"
        return
    fits = bool(re2.compile(pattern, options()).fullmatch(encoded(code)))
    found = code.startswith(parts.lead) and re.compile(parts.tail, re.ASCII).fullmatch(code, len(parts.lead))
    assert bool(found) == fits
    assert not fits or parts.least <= len(code) <= parts.most


def test_what_python_would_read_otherwise_or_slowly_is_not_simple() -> None:
    for pattern in (
        "a.c",
        "(?:a|b)",
        "a*",
        "[^a]",
        "[[:alpha:]]",
        r"\D",
        r"[\d]",
        "a{2,}",
        "a{2}?",
        "a{1}{2}",
        r"\Aa",
        "é",
    ):
        assert simple(pattern) is None


_ROW = st.lists(_PIECES, min_size=1, max_size=4).map(lambda pieces: "".join(map("".join, pieces)))


@given(_ROW, _ROW, st.data())
def test_a_pattern_laid_over_another_says_of_a_code_what_trying_it_says(
    pattern: str, other: str, data_: st.DataObject
) -> None:
    code = data_.draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    rest = rest_of(pattern, other, len(code))
    fits = re2.compile(other, options()).fullmatch(encoded(code)) is not None
    if isinstance(rest, Rest):
        assert bool(rest.fullmatch(code, rest.start, rest.end)) == fits
    elif rest is not None:
        assert rest == fits


def test_of_most_codes_with_a_prefix_their_scheme_says_which_general_structures_they_have() -> None:
    eu = r"[A-Z][0-9A-Z]{1,5}[!-Z_a-z]{3,41}\d{8}"
    assert rest_of(r"QCALL[0-9A-Za-z]{9}\d{8}", eu, 22) is True
    assert rest_of(r"\d{22}", eu, 22) is False
    rest = rest_of("QCALL[0-9A-Za-z]{17}", eu, 22)
    assert isinstance(rest, Rest)
    assert (rest.start, rest.end) == (14, 22), "only its end is to be looked at"
    assert rest_of("QCALL[0-9A-Za-z]{17}", "(?:A|Q).*", 22) is None
