"""Passwords: hashing, and the list of those that are too common."""
