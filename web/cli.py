"""The program `fapai`. What serves runs on gevent, whose patching must come before anything else is imported."""

import sys

_ON_GEVENT = frozenset(("serve", "demo", "scheduler"))


def main() -> None:
    """Run a command; exit status 0 done, 1 refused, 2 wrong usage."""
    if _ON_GEVENT.intersection(sys.argv[1:2]):
        from gevent import monkey

        monkey.patch_all()
    from .commands import fapai

    fapai()


if __name__ == "__main__":
    main()
