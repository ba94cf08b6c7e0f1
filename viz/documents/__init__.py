"""Documents: pictures in Markdown and reStructuredText, kept up to date."""
