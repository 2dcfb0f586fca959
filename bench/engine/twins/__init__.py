"""One module for each way to serve the three operations. Each has `build`, which creates an ASGI application."""
