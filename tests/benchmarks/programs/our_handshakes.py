"""our_handshakes.py HOST:PORT CA N new|resumed: the same, as a script; in one runner sessions are resumed."""

import sys

from measured import Clock

from smtp_repl.net.runner import NetOptions, Runner, run_part
from smtp_repl.net.trust import TlsOptions
from smtp_repl.script.actions import Action, Happening, Rote
from smtp_repl.script.casting import Casting, Observer
from smtp_repl.script.player import plan
from smtp_repl.script.quick import lane, play_quick
from smtp_repl.script.steps import compile_steps
from smtp_repl.script.text import parse
from smtp_repl.wire.targets import parse_target

target = parse_target(f"smtps://{sys.argv[1]}")
made = plan(compile_steps(parse(b"S: 220\nC: QUIT\nS: 221\n")))
quick = lane(made, Casting(target=target))
assert quick is not None
options = NetOptions(target, tls=TlsOptions(ca_file=sys.argv[2]))
run_part(play_quick(quick, Observer), options)
count = int(sys.argv[3])
clock = Clock()
if sys.argv[4] == "new":
    for _ in range(count):
        assert run_part(play_quick(quick, Observer), options).status != "fail"
else:
    from collections.abc import Generator

    runner = Runner(options)

    def one_after_another(left: int) -> Generator[Action | Rote, Happening, None]:
        assert (yield from play_quick(quick, Observer)).status != "fail"
        if left > 1:
            runner.add(one_after_another(left - 1))

    runner.add(one_after_another(count))
    runner.run()
clock.tell()
