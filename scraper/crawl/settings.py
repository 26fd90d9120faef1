"""Scrapy's settings for us. Each deviation stands beside Scrapy's default (2.19) with its reason."""

from __future__ import annotations

from typing import Any

BOT_NAME = "wdtk-archive"  # default: scrapybot
SPIDER_MODULES = ["spiders"]  # default: []
NEWSPIDER_MODULE = "spiders"  # default: ""

# One connection, one gate. The handler judges host, robots.txt, budget and pace for each request, just before it leaves.
DOWNLOAD_HANDLERS: dict[str, str | None] = {
    "http": "scraper.crawl.handler.PoliteHandler",
    "https": "scraper.crawl.handler.PoliteHandler",
    "data": None,  # on by default; we read nothing but the site
    "file": None,
    "ftp": None,
    "s3": None,
}
EXTENSIONS: dict[str, int | None] = {
    "scraper.crawl.manners.Manners": 0,
    # On by default:
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.memusage.MemoryUsage": None,  # a timer for a limit we do not set
    "scrapy.extensions.memdebug.MemoryDebugger": None,
    "scrapy.extensions.closespider.CloseSpider": None,  # the budget closes the spider
    "scrapy.extensions.feedexport.FeedExporter": None,  # the archive is the only output
    "scrapy.extensions.logstats.LogStats": None,  # the command line shows progress
    "scrapy.extensions.spiderstate.SpiderState": None,  # the archive is the only state
    "scrapy.extensions.throttle.AutoThrottle": None,  # the pace does it, across processes
}
CONCURRENT_REQUESTS = 1  # default: 16
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default: 8
# Default: 100. Scrapy 2.19 makes that many tasks for every page, a third of the transport's CPU time (November 2026).
CONCURRENT_ITEMS = 1
DOWNLOAD_DELAY = 0  # the default: the pace delays, and Scrapy's own delay knows one process only
DOWNLOAD_DELAY_JITTER = 0  # default: 0.5
AUTOTHROTTLE_ENABLED = False  # the default

# Doors that stand open by default.
TELNETCONSOLE_ENABLED = False  # default: True
REMOTE_CONTROL_ENABLED = False  # default: True, new in 2.19
DOWNLOAD_VERIFY_CERTIFICATES = True  # default: False

# Nothing between the spider and the gate: what each of these does is done by the handler, or must not be done.
DOWNLOADER_MIDDLEWARES: dict[str, int | None] = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # the gate knows the only host
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # checks two of the requests that wait for it
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": None,  # Config.timeout_s
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": None,  # the handler sets all headers
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # the agenda tries again, another day
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,  # each hop is a page of its own
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # takes a torn gzip for whole
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,  # a cookie makes us uncacheable
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,  # we connect to the site and to nobody else
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
}
ROBOTSTXT_OBEY = True  # default: False; for the eye, the handler always obeys
COOKIES_ENABLED = False  # default: True
REDIRECT_ENABLED = False  # default: True
METAREFRESH_ENABLED = False  # default: True
RETRY_ENABLED = False  # default: True
REFERER_ENABLED = False  # default: True
HTTPPROXY_ENABLED = False  # default: True; http_proxy of the environment
HTTPCACHE_ENABLED = False  # the default
COMPRESSION_ENABLED = False  # default: True; the handler asks for gzip and undoes it, strictly
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024  # default: 1 GiB; a page, decoded. 46,000 authorities' CSV is some 10 MB
DOWNLOAD_WARNSIZE = 0  # default: 32 MiB
DOWNLOAD_FAIL_ON_DATALOSS = True  # the default

SPIDER_MIDDLEWARES: dict[str, int | None] = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,  # every status says something
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}
HTTPERROR_ALLOW_ALL = True  # default: False; the middleware is off, and this holds where somebody puts it back
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # default: RFPDupeFilter; the agenda knows what was fetched

LOG_LEVEL = "INFO"  # default: DEBUG
LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"  # default: with the logger's name in between
LOG_DATEFORMAT = "%Y-%m-%dT%H:%M:%S"
STATS_DUMP = False  # default: True; `wdtk report` says it better

WDTK_CONFIG: Any = None
"""A `scraper.config.Config`; None to read the WDTK_* environment."""
WDTK_TIME: Any = None
"""A `scraper.crawl.pace.Time`; None for the real one."""

ITEM_PIPELINES: dict[str, int | None] = {"scraper.crawl.pipeline.KeepPipeline": 0}  # default: {}
