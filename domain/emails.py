"""E-mail addresses, which are ASCII (the contract says so)."""


def email_key(email: str) -> str:
    """Return the form that all spellings of an address share."""
    return email.lower()
