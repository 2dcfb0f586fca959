"""How late reminders are."""
