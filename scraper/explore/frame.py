"""What Datasette's own pages lack beside an archive: their language and main part, and on its page of errors a way back and our
style sheet. `static/datasette.js` names their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jinja2
from datasette import hookimpl

from .archives import archives
from .plugin import PACKAGE

if TYPE_CHECKING:
    from datasette.app import Datasette

Source = tuple[str, str | None, Callable[[], bool] | None]

SECTION = '<section class="content">'
CRUMBS = "{% block crumbs %}{{ crumbs.nav(request=request) }}{% endblock %}"
OURS = '{% for link in menu_links()[:2] %}<a class="ours" href="{{ link.href }}">{{ link.label }}</a>{% endfor %}'
"""The first links of the menu, which is folded: to reading and to search."""
CONTENT = "{% block content %}"
OF_ERRORS = f"""{{% block extra_head %}}
<link rel="stylesheet" href="{{{{ urls.static_plugins('{PACKAGE}', 'explore.css') }}}}">
{{% endblock %}}
{{% block crumbs %}}<p class="crumbs"><a href="{{{{ urls.instance() }}}}">home</a></p>{{% endblock %}}
{CONTENT}"""
"""Datasette renders errors without what plugins add to pages, and without a link to anywhere."""


class Completed(jinja2.BaseLoader):
    """Datasette's templates, where an archive is served, with what they lack: a language, a `main` part, a way to our pages."""

    def __init__(self, datasette: Datasette, templates: jinja2.BaseLoader) -> None:
        self._datasette, self._templates = datasette, templates

    def get_source(self, environment: jinja2.Environment, template: str) -> Source:
        source, filename, uptodate = self._templates.get_source(environment, template)
        if archives(self._datasette):
            source = source.replace("<html>", '<html lang="en">', 1)
            source = source.replace(SECTION, SECTION.replace(">", ' role="main">'), 1)
            if len(archives(self._datasette)) == 1:
                source = source.replace(CRUMBS, CRUMBS + OURS, 1)
            if template == "error.html":
                source = source.replace(CONTENT, OF_ERRORS, 1)
        return source, filename, uptodate

    def list_templates(self) -> list[str]:
        return self._templates.list_templates()


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def prepare_jinja2_environment(env: jinja2.Environment, datasette: Datasette) -> None:
    """Completes Datasette's own pages."""
    assert env.loader is not None
    env.loader = Completed(datasette, env.loader)


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def extra_js_urls(datasette: Datasette) -> list[dict[str, Any]]:
    """Names for the fields of Datasette's own pages, where there is an archive. A module runs once the page is there."""
    names = {"url": datasette.urls.static_plugins(PACKAGE, "datasette.js"), "module": True}
    return [names] if archives(datasette) else []
