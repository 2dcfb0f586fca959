"""What a contract changes for the clients of an earlier one."""
