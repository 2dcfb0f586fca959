"""One module per way to serve the three operations; each has `build`, which makes an ASGI application."""
