"""What the ports of the domain and the engine are plugged into: one module or package for each concern."""
