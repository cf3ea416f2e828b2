"""Mother card and transport card as software cards: one command set, docs/ceremony.md, "carrier commands"."""
