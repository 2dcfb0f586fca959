"""The whole of Tickbox, with tokens, roles and a database, beside programs that serve the same from the same tables."""
