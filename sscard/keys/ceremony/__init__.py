"""Key ceremonies: scripts as data, people who sign with what only they know, a chained transcript, official forms."""
