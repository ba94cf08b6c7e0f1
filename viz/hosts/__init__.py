"""Pictures in documents: one file per host. Each is given words of the command line, and draws."""
