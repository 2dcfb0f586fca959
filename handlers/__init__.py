"""From HTTP to the domain and back, and nothing else: one module per tag, one function per operationId."""
