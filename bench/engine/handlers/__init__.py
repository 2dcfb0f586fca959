"""The engine's handlers for openapi.yaml."""
