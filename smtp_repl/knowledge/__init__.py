"""What a person wants to know about verbs, keywords, parameters, codes and mechanisms: prose with its sources.

The prose is in data files beside this module, under the same keys that the tables of `wire` use; `entries` reads
them. `wire` never imports knowledge.
"""
