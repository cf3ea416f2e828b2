"""Exchange formats: what the files of other parties look like, as data, and the readers and writers that follow it."""
