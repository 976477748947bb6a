"""The fields of the forms, in the order in which they stand (exchange.md, 1)."""

from __future__ import annotations

from gateway.content import N_
from gateway.forms import Choice, Field, FieldKind
from gateway.treaty import Difficulty, Function, Handling, Item, NoDataReason, Purpose, Role, UimAnswer

ITEMS: tuple[Choice, ...] = (
    Choice(Item.A, N_("Date and location of manufacture")),
    Choice(Item.B, N_("Manufacturing facility")),
    Choice(Item.C, N_("Machine used to manufacture the tobacco products")),
    Choice(Item.D, N_("Production shift or time of manufacture")),
    Choice(
        Item.E,
        N_(
            "Name, invoice, order number and payment records of the first customer not affiliated with the manufacturer"
        ),
    ),
    Choice(Item.F, N_("Intended market of retail sale")),
    Choice(Item.G, N_("Product description")),
    Choice(Item.H, N_("Any warehousing and shipping")),
    Choice(Item.I, N_("Identity of any known subsequent purchaser")),
    Choice(Item.J, N_("Intended shipment route, shipment date, destination, point of departure and consignee")),
)
PURPOSES = (
    Choice(Purpose.DETECTION, N_("detection")),
    Choice(Purpose.INVESTIGATION, N_("investigation")),
)
HANDLINGS = tuple(Choice(handling, handling.value) for handling in Handling)
ANSWERS = (
    Choice(UimAnswer.VALID, N_("valid")),
    Choice(UimAnswer.NOT_VALID, N_("not valid")),
    Choice(UimAnswer.NOT_OURS, N_("not ours")),
    Choice(UimAnswer.UNDER_INQUIRY, N_("under inquiry")),
    Choice(UimAnswer.WITHHELD, N_("withheld")),
)
REASONS_FOR_NO_DATA = (
    Choice(NoDataReason.NO_SYSTEM, N_("no system in operation")),
    Choice(NoDataReason.NOT_RETAINED, N_("not retained")),
    Choice(NoDataReason.NATIONAL_LAW, N_("not permitted by national law")),
    Choice(NoDataReason.MORE_INFORMATION, N_("more information needed")),
    Choice(NoDataReason.OTHER, N_("other")),
)

EXCHANGE = Field("exchange", N_("Exchange"), FieldKind.EXCHANGE)
HANDLING = Field("handling", N_("Handling"), FieldKind.CHOICE, HANDLINGS, offered=True)

REQUEST_FIELDS: tuple[Field, ...] = (
    EXCHANGE,
    Field("to", N_("To"), FieldKind.PARTY),
    Field("case_reference", N_("Case reference"), FieldKind.LINE),
    Field("purpose", N_("Purpose"), FieldKind.CHOICE, PURPOSES, required=True),
    Field("justification", N_("Justification"), FieldKind.TEXT, required=True),
    HANDLING,
    Field("reply_by", N_("Reply by"), FieldKind.DATE),
    Field("date_of_seizure", N_("Date of seizure"), FieldKind.DATE),
    Field("place_of_seizure", N_("Place of seizure"), FieldKind.LINE),
    Field("product", N_("Product"), FieldKind.LINE),
    Field("data_requested", N_("Data requested"), FieldKind.TICKS, ITEMS),
    Field("questions", N_("Questions"), FieldKind.TEXT),
    Field("uims", N_("UIMs"), FieldKind.UIMS, required=True),
)
YES_NO = (Choice("yes", N_("yes")), Choice("no", N_("no")))
LOOKUP_FIELDS: tuple[Field, ...] = (
    Field("case_reference", N_("Case reference"), FieldKind.LINE),
    Field("sealed", N_("Keys for sealed mail"), FieldKind.CHOICE, YES_NO),
    Field("to", N_("To"), FieldKind.PARTY),
    Field("uims", N_("UIMs"), FieldKind.UIMS, required=True),
)
REPLY_FIELDS: tuple[Field, ...] = (
    EXCHANGE,
    HANDLING,
    Field("reason", N_("Reason"), FieldKind.CHOICE, REASONS_FOR_NO_DATA),
    Field("remarks", N_("Remarks"), FieldKind.TEXT),
)
REPLY_GROUP: tuple[Field, ...] = (
    Field("uim", N_("UIM"), FieldKind.LINE),
    Field("status", N_("Status"), FieldKind.CHOICE, ANSWERS),
    *(Field(choice.name, choice.label, FieldKind.TEXT) for choice in ITEMS),
    Field("uim_remarks", N_("Remarks"), FieldKind.TEXT),
)
MESSAGE_FIELDS: tuple[Field, ...] = (
    EXCHANGE,
    HANDLING,
    Field("message", N_("Message"), FieldKind.TEXT, required=True),
)
ROLES = (
    Choice(Role.OFFICER, N_("officer")),
    Choice(Role.ADMINISTRATOR, N_("administrator")),
    Choice(Role.OBSERVER, N_("observer")),
    Choice(Role.DESK, N_("desk")),
)
TONGUES = (
    Choice("ar", N_("Arabic")),
    Choice("en", N_("English")),
    Choice("es", N_("Spanish")),
    Choice("fr", N_("French")),
    Choice("ru", N_("Russian")),
    Choice("zh", N_("Chinese")),
)
DECISIONS = (Choice("approve", N_("approve")), Choice("refuse", N_("refuse")))
REGISTER_FIELDS: tuple[Field, ...] = (
    Field("address", N_("Address"), FieldKind.LINE, required=True),
    Field("name", N_("Name"), FieldKind.LINE, required=True),
    Field("role", N_("Role"), FieldKind.CHOICE, ROLES, required=True),
    Field("language", N_("Language"), FieldKind.CHOICE, TONGUES),
    Field("party", N_("Party"), FieldKind.PARTY),
)
CONFIRM_FIELDS: tuple[Field, ...] = (Field("word", N_("Word"), FieldKind.LINE, required=True),)
APPROVE_FIELDS: tuple[Field, ...] = (
    Field("registration", N_("Registration"), FieldKind.LINE, quiet=True),
    Field("pattern", N_("Pattern change"), FieldKind.LINE, quiet=True),
    Field("decision", N_("Decision"), FieldKind.CHOICE, DECISIONS, required=True),
    Field("reason", N_("Reason"), FieldKind.TEXT),
)
YES = (Choice("yes", N_("yes")), Choice("no", N_("no")))
REVOKE_FIELDS: tuple[Field, ...] = (
    Field("address", N_("Address"), FieldKind.LINE, required=True),
    Field("alone", N_("Without successor"), FieldKind.CHOICE, YES),
)
EARLIER = (Choice("keep", N_("ends in 30 days")), Choice("withdraw", N_("withdraw now")))
RENEW_FIELDS: tuple[Field, ...] = (
    Field("address", N_("Address"), FieldKind.LINE, required=True),
    Field("earlier", N_("Earlier key"), FieldKind.CHOICE, EARLIER, hint="the second, if it was lost or stolen"),
)
FUNCTIONS = (
    Choice(Function.COMPETENT_AUTHORITY, N_("competent authority (Article 8)")),
    Choice(Function.CONTACT_POINT, N_("contact point (Article 28)")),
    Choice(Function.CENTRAL_AUTHORITY, N_("central authority (Article 29)")),
    Choice(Function.EXPERT, N_("expert")),
)
DIRECTORY_FIELDS: tuple[Field, ...] = (
    Field("party", N_("Party"), FieldKind.PARTY),
    Field("confirm", N_("Confirm"), FieldKind.CHOICE, YES, quiet=True),
)
DIRECTORY_GROUP: tuple[Field, ...] = (
    Field("function", N_("Function"), FieldKind.CHOICE, FUNCTIONS, required=True),
    Field("authority", N_("Authority"), FieldKind.LINE),
    Field("person", N_("Person"), FieldKind.LINE),
    Field("address", N_("Address"), FieldKind.LINE),
    Field("telephone", N_("Telephone"), FieldKind.LINE),
    Field("postal", N_("Postal address"), FieldKind.LINE),
    Field("languages", N_("Languages"), FieldKind.LINE),
    Field("remarks", N_("Remarks"), FieldKind.LINE),
    Field("remove", N_("Remove"), FieldKind.CHOICE, YES, quiet=True),
    Field("entry", N_("Entry"), FieldKind.LINE, quiet=True),
)
DIFFICULTIES = (
    Choice(Difficulty.CANNOT_ENCRYPT, N_("cannot encrypt")),
    Choice(Difficulty.CANNOT_READ, N_("cannot read a mail")),
    Choice(Difficulty.WRONG_RECIPIENT, N_("wrong recipient")),
    Choice(Difficulty.NO_ANSWER, N_("no answer")),
    Choice(Difficulty.OTHER, N_("other")),
)
DIFFICULTY_FIELDS: tuple[Field, ...] = (
    Field("kind", N_("Difficulty"), FieldKind.CHOICE, DIFFICULTIES, required=True),
    EXCHANGE,
    Field("address", N_("Address"), FieldKind.LINE, quiet=True),
    Field("description", N_("Description"), FieldKind.TEXT, required=True, hint="nothing about the case itself"),
)
CERTAINTIES = (
    Choice("sure", N_("certain")),
    Choice("ambiguous", N_("possible")),
    Choice("hint", N_("hint only")),
)
PATTERN_FIELDS: tuple[Field, ...] = (
    Field("party", N_("Party"), FieldKind.PARTY, quiet=True),
    Field("scheme", N_("Scheme"), FieldKind.LINE, required=True, hint="a short name, as ke-stamp-2027"),
    Field("title", N_("Title"), FieldKind.LINE, required=True),
    Field("issuer", N_("Issuer"), FieldKind.LINE),
    Field("structure", N_("Structure"), FieldKind.LINE, required=True),
    Field("pattern", N_("Pattern"), FieldKind.LINE, required=True, hint="a regular expression (RE2) of the whole code"),
    Field("prefixes", N_("Prefixes"), FieldKind.LINE),
    Field("length", N_("Length"), FieldKind.LINE, hint="26, or 14-26"),
    Field("certainty", N_("Certainty"), FieldKind.CHOICE, CERTAINTIES, offered=True),
    Field("source", N_("Source"), FieldKind.LINE, required=True),
    Field("invalid", N_("Invalid samples"), FieldKind.TEXT, hint="a code, a space, what is wrong with it"),
    Field("uims", N_("Valid samples"), FieldKind.UIMS, required=True),
)
STATUS_FIELDS: tuple[Field, ...] = (EXCHANGE,)
STATISTICS_FIELDS: tuple[Field, ...] = (
    Field("period", N_("Period"), FieldKind.LINE, hint="2026, 2026-Q1 or 2026-03"),
    Field("first", N_("First day"), FieldKind.DATE),
    Field("last", N_("Last day"), FieldKind.DATE),
)
HELP_FIELDS: tuple[Field, ...] = ()
