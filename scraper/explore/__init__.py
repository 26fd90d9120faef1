"""Looking at an archive: the Datasette plugin and `wdtk serve`. Only reads.

Datasette's entry point names this package and not `plugin`, since it looks for `static/` beside what is named.
"""

from .plugin import extra_css_urls, get_metadata, startup

__all__ = ["extra_css_urls", "get_metadata", "startup"]
