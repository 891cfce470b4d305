"""The same requests to the peer's server and to orchd: where do the answers differ?

`python -m tests.compat.differential --seed 7` sends all of them; `tests/compat/test_differential.py` a part.
"""
