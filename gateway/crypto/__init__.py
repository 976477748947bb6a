"""Encryption schemes, one file each; each defines `SCHEME`, a class that fits `ports.CryptoScheme`."""
