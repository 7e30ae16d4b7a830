"""The program `fapai`. What serves runs on gevent, whose patching must come before anything else is imported."""

import gc
import sys

_ON_GEVENT = frozenset(("serve", "demo", "scheduler"))


def main() -> None:
    """Run a command; exit status 0 done, 1 refused, 2 wrong usage."""
    if _ON_GEVENT.intersection(sys.argv[1:2]):
        from gevent import monkey

        monkey.patch_all()
    # What is imported stays: to look through it for garbage on the way takes a fifth of the start.
    gc.disable()
    from .commands import fapai

    gc.freeze()
    gc.enable()
    fapai()


if __name__ == "__main__":
    main()
