"""A small pattern library for the tests, and files of patterns that somebody sends."""

from __future__ import annotations

PARTIES = """
as_of: "2025-12"
parties:
  - {iso2: "KE", name: "Kenya", lang: "sw en", check: "verified"}
  - {iso2: "SE", name: "Sweden", lang: "sv", check: "verified"}
  - {iso2: "UY", name: "Uruguay", lang: "es", check: "reconstructed"}
others:
  - {iso2: "RU", name: "Russian Federation", status: "not a Party"}
"""
SHIPPED = {
    "_parties.yaml": PARTIES,
    "sweden.yaml": r"""
schemes:
  - {id: se-one, title: "Sweden, one", party: SE, issuer: Works, level: unit packet, structure: prefix and digits,
     pattern: 'QCALL\d{8}', prefixes: [QCALL], decides: sure, rank: 90, valid: [QCALL12345678], confidence: high,
     verified: true, source: made up}
  - {id: se-two, title: "Sweden, two", party: SE, issuer: Works, level: unit packet, structure: prefix and letters,
     pattern: 'QCALL[a-z]{8}', prefixes: [QCALL], decides: sure, rank: 90, valid: [QCALLabcdefgh], confidence: high,
     verified: true, source: made up}
""",
    "general.yaml": r"""
schemes:
  - {id: any-digits, title: "General digits", party: null, level: unit packet, structure: thirty digits,
     pattern: '\d{30}', decides: hint, rank: 20, valid: ['012345678901234567890123456789'], confidence: low,
     verified: false, source: made up}
  - {id: ru-one, title: "Russia, one", party: RU, level: unit packet, structure: 04 and twelve digits,
     pattern: '04\d{12}', prefixes: ['04'], decides: not a party, rank: 70, valid: ['04123456789012'],
     confidence: high, verified: true, source: made up}
""",
}

STAMP = r"""
schemes:
  - id: ke-stamp
    title: Kenya, excise stamp
    party: KE
    issuer: Revenue authority
    level: unit packet
    structure: KESTAMP(7) + digits(8)
    pattern: 'KESTAMP\d{8}'
    prefixes: [KESTAMP]
    length: {min: 15, max: 15}
    decides: sure
    rank: 90
    valid: [KESTAMP12345678]
    invalid:
      - {uim: KESTAMP1234567, because: a digit is missing}
    confidence: high
    verified: true
    source: Excise Duty Regulations
"""


def stamp(**changed: str) -> bytes:
    """Kenya's stamp, with the lines of these keys said otherwise; "" leaves a line out."""
    lines = []
    for line in STAMP.splitlines():
        key = line.strip(" -").partition(":")[0]
        if key in changed:
            indent = line[: len(line) - len(line.lstrip(" -"))]
            line = f"{indent}{key}: {changed[key]}" if changed[key] else ""
        lines.append(line)
    return "\n".join(lines).encode()
