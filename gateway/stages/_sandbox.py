"""The sandbox in which letters' templates run, and the macros of each medium, made once for a language."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.loaders import BaseLoader
from jinja2.runtime import Context, LoopContext, Macro, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.content import ClearValue
from gateway.stages import _lines, _voices

_MISSING = object()
_OPEN = (ClearValue, TemplateModule, LoopContext)  # what a template may look into without further checks


class SkipSpace(Extension):
    """Ignores white space between the macro calls of a letter, so that templates may be laid out freely."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """The tokens without data that is only white space; the media's own templates keep theirs."""
        keep = (stream.name or "").startswith("medium/")
        return (token for token in stream if keep or token.type != "data" or not token.value.isspace())


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with a short way to what templates are meant to look at: a letter's values and macros.

    Everything else, and every name that begins with `_`, goes through all checks (measured: twice as fast).
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names of every template, which never change once one is loaded: copied for each letter (measured)."""
        return {**self.globals, **(d or {})}

    def call(self, context: Context, obj: Any, /, *values: Any, **named: Any) -> Any:
        """What a template calls: a macro, one of a `Voice`'s functions, or whatever passes all checks."""
        if type(obj) is Macro or isinstance(getattr(obj, "__self__", None), _voices.Voice):
            named.pop("_loop_vars", None)  # for functions that ask for the context, which these do not
            named.pop("_block_vars", None)
            return obj(*values, **named)
        return super().call(context, obj, *values, **named)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute, or what stands for an undefined one."""
        if isinstance(obj, _OPEN) and attribute[0] != "_":
            found = getattr(obj, attribute, _MISSING)
            if found is not _MISSING:
                return found
        return super().getattr(obj, attribute)


class _Compiled(BytecodeCache):
    """What each template's text was compiled to: a program that opens a second gateway compiles none again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Gives the code of this text, if it is known."""
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps the code."""
        self._known[bucket.key, bucket.checksum] = bucket.code


_COMPILED = {html: _Compiled() for html in (False, True)}  # the same text is other code where HTML is escaped


def environment(templates: BaseLoader, html: bool) -> Environment:
    """A sandbox for one medium; an undefined name is an error, and HTML is escaped."""
    made = _Sandbox(
        loader=templates,
        undefined=StrictUndefined,
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=_COMPILED[html],
        extensions=[SkipSpace],
    )
    made.filters |= {"shown": _lines.shown, "plain": _lines.plain, "wrapped": _lines.wrapped}
    made.filters["isolated"] = _lines.isolated if html else _lines.plain
    made.filters["quoted"] = _lines.barred if html else _lines.quoted
    return made


def variables(environment: Environment, voice: _voices.Voice, html: bool) -> dict[str, Any]:
    """Every name that a letter may use besides its own: the voice's, and `m` for the macros of the medium.

    Made once for a language: the macros hold no letter, and to make them for each would take a tenth of its time.
    """
    names = voice.variables()
    medium = environment.get_template("medium/html.j2" if html else "medium/text.j2")
    return {**names, "m": medium.make_module(names)}
