"""Measurements. They compare, side by side in one run; no test depends on them. See README.md."""
