"""E-mail addresses, which are ASCII (the contract says so)."""


def email_key(email: str) -> str:
    """What all spellings of an address share."""
    return email.lower()
