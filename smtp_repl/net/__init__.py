"""FLOOR 3b: doing. Sockets, selectors, ssl and asyncio live here."""
