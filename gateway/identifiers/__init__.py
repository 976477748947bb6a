"""Families of codes, one file each: structure, check digits, explanation.

The schemes themselves are data in `pattern_library/`; a family here holds the algorithms that a
pattern can name.
"""
