"""Schemathesis against a running server: how it is configured (`hooks`), and how it is run (`runs`)."""
