"""What is printed on a card: layouts as data, fonts and photos checked for a whole batch, previews of one person."""
