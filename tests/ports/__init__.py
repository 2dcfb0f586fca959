"""One suite for both implementations of the ports: the fakes that unit tests use, and the repositories."""
