"""FLOOR 2½: what helps a person understand: explanations, pitfalls, lessons and their judges.

Pure like `script/`, on which it stands, and with the prose of `knowledge/` at hand: events and texts in, values out;
files come through a load function. It knows nothing of sockets, terminals or colours.
"""
