"""Where bytes come from: fetch -> archive (write-once) -> raw tables, with quarantine for what breaks a contract."""


class IngestError(Exception):
    """Something in ingest went wrong; the message says what broke and what to do next."""
