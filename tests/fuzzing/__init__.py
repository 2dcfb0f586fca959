"""Schemathesis against a running server: what it is told (`hooks`), and how it is run (`runs`)."""
