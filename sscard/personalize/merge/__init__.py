"""Two parties' files made one batch: rows taken in once, judged and matched as sets in SQL, written whole or not at all."""
