"""Tests of what breaks the clients of an earlier contract."""
