"""extensions = ["tinyviz.sphinx"]; image_scrapers of sphinx-gallery: "tinyviz.sphinx.scraper"."""

from .viz.hosts.sphinx import scraper, setup  # noqa: F401
