"""Thin Scrapy spiders: which pages, in which order, and nothing else."""
