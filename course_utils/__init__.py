"""The package behind the course "From 98 % to the truth": one small module for each step from archive to report."""

__version__ = "0.1.0"
