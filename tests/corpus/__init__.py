"""Real mails of real clients and hostile senders, read from the shared corpus beside the repository."""
