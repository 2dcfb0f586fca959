"""What one request costs when the contract has many operations."""
