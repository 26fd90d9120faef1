"""One module per format: ``read(data, options)`` gives a `Text`. Which media type is whose: `scraper.text.registry`."""
