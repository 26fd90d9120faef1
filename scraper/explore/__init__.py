"""Looking at an archive: the Datasette plugin and `wdtk serve`. Only reads.

Datasette's entry point names this package and not `plugin`, since it looks for `static/` beside what is named.
"""

from .frame import extra_js_urls, prepare_jinja2_environment
from .kept_back import prepare_connection
from .plugin import asgi_wrapper, extra_css_urls, get_metadata, menu_links, register_routes, render_cell, startup

__all__ = [
    "asgi_wrapper",
    "extra_css_urls",
    "extra_js_urls",
    "get_metadata",
    "menu_links",
    "prepare_connection",
    "prepare_jinja2_environment",
    "register_routes",
    "render_cell",
    "startup",
]
