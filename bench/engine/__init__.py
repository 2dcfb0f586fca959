"""The engine alone, with all its checks, beside frameworks that serve the same three operations."""
