"""Copies of an archive for use elsewhere. Only reads."""
