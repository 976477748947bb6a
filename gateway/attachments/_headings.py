"""What people write above a column of UIMs."""

from __future__ import annotations

from gateway.language import normalise

# What a column of UIMs is called in the six languages and in common lists.
HEADINGS = frozenset(
    map(
        normalise,
        (
            "UIM|UIMs|UI|upUI|aUI|code|codes|unique identifier|identifier|serial number|IUU|MIU|IU|identifiant|código|"
            "códigos|identificador|УИМ|УМ|код|коды|标识|代码|独特识别标记|العلامة|الرمز|علامة التعريف الفريدة"
        ).split("|"),
    )
)
