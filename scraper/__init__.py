"""Archive public Freedom of Information correspondence from Alaveteli sites."""

__version__ = "0.1.0"
