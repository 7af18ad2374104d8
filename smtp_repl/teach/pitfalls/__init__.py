"""Pitfalls: the 63 mistakes that people make when they speak SMTP by hand, recognised on the live conversation.

`watcher` is fed with what happens on a connection and tells what went wrong; `table` has one row for each pitfall, and
the modules beside it the recognisers, by what they look at. Texts stand in `knowledge/pitfalls.json`. Pure.
"""
