"""What start-up costs when the contract is large."""
