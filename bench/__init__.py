"""Benchmarks: measured against raw limits in the same run, as ratios."""
