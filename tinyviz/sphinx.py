"""extensions = ["tinyviz.sphinx"]; image_scrapers of sphinx-gallery: "tinyviz.sphinx.scraper"."""

from .viz.hosts.sphinx import scraper as scraper, setup as setup  # noqa: F401
