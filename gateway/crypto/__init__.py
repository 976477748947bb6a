"""Encryption schemes, one file each; each with a class that fits `ports.CryptoScheme`."""
