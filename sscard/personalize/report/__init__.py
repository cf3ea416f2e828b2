"""What became of a batch, for the file: gathered from ledger, journals and the stations' chains, shown as HTML or JSON.

Nothing here ever sees the batch: a report cannot tell whom the cards are for.
"""
