"""The program: settings, the composition root, and the `tickbox` command."""
