"""`tickbox scaffold`: stubs for an operation that is in the contract and has no handler yet."""
