"""SMTP and LMTP as text: `C:` what the other server says, `S:` what ours answers."""
