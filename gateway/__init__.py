"""The mail gateway of the global information-sharing focal point."""

__version__ = "0.1.0"
