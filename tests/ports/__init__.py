"""One suite for two implementations of the ports: the fakes that unit tests stand on, and the repositories."""
