"""Tests of the comparison of schemas by meaning."""
