"""What streams cost, and how soon they say what was committed."""
