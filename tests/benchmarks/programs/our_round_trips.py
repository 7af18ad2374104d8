"""our_round_trips.py HOST:PORT N CORE [once]: the same, as a script; `once` as if it had never been played before."""

import sys

from measured import Clock, stay_on

from smtp_repl.net.runner import NetOptions, run_part
from smtp_repl.script.casting import Casting, Observer
from smtp_repl.script.player import plan, play
from smtp_repl.script.quick import lane, play_quick
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.targets import parse_target

stay_on(sys.argv[3])
count = int(sys.argv[2])
text = "S: 220\nC: HELO client.example.net\nS: 250\n" + "C: NOOP\nS: 250\n" * count
made = plan(compile_steps(parse(text.encode())))
casting = Casting(target=parse_target(sys.argv[1]))
options = NetOptions(casting.target)
quick = lane(made, casting)
assert quick is not None
if "once" not in sys.argv:
    run_part(play_quick(quick, Observer), options)
clock = Clock()
part = play(made, casting, Observer()) if "once" in sys.argv else play_quick(quick, Observer)
assert run_part(part, options).status != "fail"
clock.tell()
