"""MIME: octets to a bounded, immutable tree and back; header fields."""
