"""What a person wants to know about verbs, keywords and codes: prose as data files, and one loader."""
