"""A person plays `S:`: what `smtp-repl answer` has and the shell has not."""
