"""toolkit_prompt.py HOST:PORT [multiline]: the least that prompt_toolkit can do, a prompt; nobody is called."""

import sys

from prompt_toolkit import PromptSession

session: PromptSession[str] = PromptSession("C: ", multiline="multiline" in sys.argv)
while True:
    session.prompt()
