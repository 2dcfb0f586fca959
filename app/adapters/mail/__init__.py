"""E-mails: their texts, and the mail server."""
