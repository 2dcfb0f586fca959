"""One module per tag of the sample contract."""
