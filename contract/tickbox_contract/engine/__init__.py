"""The engine: it routes requests by a contract, and checks every request and every response against it."""
