"""The program as it is served in tests: `web.cli` itself, for whose hasher a password is no work (see the conftest)."""

from functools import partial

import argon2

argon2.PasswordHasher = partial(argon2.PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)  # type: ignore[misc]

from web.cli import main  # noqa: E402 - it builds its hasher when it is imported

if __name__ == "__main__":
    main()
