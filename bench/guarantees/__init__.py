"""What one write costs with a condition, a key, or an id of the client's, over the same write without."""
