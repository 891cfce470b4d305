"""May this run enter that state? Pure rules: no database, no HTTP, no clock.

`policy` lists the rules in their order, `walk.decide` walks them, `walk.needs` says what to read beforehand.
"""
