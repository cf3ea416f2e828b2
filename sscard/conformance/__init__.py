"""The judge: worked examples (vectors) held against the library and against cards."""
