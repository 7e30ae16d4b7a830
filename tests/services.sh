#!/usr/bin/env bash
# Makes sure that what the tests need besides Python answers on this machine: PostgreSQL, Redis, Chromium, Java.
#
# What is installed but stopped is started; what is absent is installed with apt-get when run as root; otherwise this
# says what is missing and exits with 1.  No configuration of the system is changed: where the system's PostgreSQL does
# not let the tests in, a private one is started, on loopback, with its data under .services or, for root, /var/tmp.
# The tests make and drop databases of their own in it.
#
# Prints on stdout, for env(1):  TEST_DATABASE_URL=... TEST_REDIS_URL=... CHROMIUM=...
# An address given in the environment is used as it is and never started.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "services: $*" >&2; }
fail() { say "$*"; exit 1; }
is_root() { [ "$(id -u)" -eq 0 ]; }

updated=''
apt_install() {
    is_root && command -v apt-get >/dev/null || return 1
    if [ -z "$updated" ]; then
        apt-get update -qq >&2 || say 'apt-get update failed; going on with the lists at hand'
        updated=1
    fi
    say "installing $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >&2
}

port_is_free() { ! (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_for() { # seconds, then a command that answers 0 in the end
    local tries=$(($1 * 5))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
}

# PostgreSQL

postgres_answers() {
    .venv/bin/python - "$1" <<'PYTHON' 2>/dev/null
import sys

import sqlalchemy

engine = sqlalchemy.create_engine(sys.argv[1], connect_args={"connect_timeout": 3})
with engine.connect() as connection:
    allowed = connection.scalar(sqlalchemy.text("select rolcreatedb or rolsuper from pg_roles where rolname = current_user"))
sys.exit(0 if allowed else 1)
PYTHON
}

postgres_bin() { # the folder with initdb and pg_ctl, newest version first
    if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then
        dirname "$(command -v initdb)"
    else
        find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -rV | head -n 1
    fi
}

start_system_cluster() { # Debian's own, where one is configured and down
    is_root && command -v pg_lsclusters >/dev/null || return 1
    local version name status
    while read -r version name _ status _; do
        [[ "$status" == down* ]] || continue
        say "starting PostgreSQL $version/$name"
        pg_ctlcluster --skip-systemctl-redirect "$version" "$name" start >&2 || true
    done < <(pg_lsclusters --no-header)
}

start_private_cluster() { # prints the address
    local bin data user port
    bin=$(postgres_bin)
    [ -n "$bin" ] || return 1
    user=()
    if is_root; then # the server refuses to run as root
        data=/var/tmp/fapai-tests-postgresql
        user=(runuser -u postgres --)
        install -d -o postgres -m 700 "$data"
    else
        data=$PWD/.services/postgresql
        mkdir -p -m 700 "$data"
    fi
    if ! "${user[@]}" test -e "$data/PG_VERSION"; then
        say "making a private PostgreSQL in $data"
        (cd / && "${user[@]}" "$bin/initdb" --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --no-locale >/dev/null)
    fi
    if (cd / && "${user[@]}" "$bin/pg_ctl" --pgdata="$data" status >/dev/null); then
        port=$("${user[@]}" sed -n 4p "$data/postmaster.pid")
    else
        port=5432
        until port_is_free "$port"; do port=$((port + 1)); done
        say "starting a private PostgreSQL on port $port"
        (cd / && "${user[@]}" "$bin/pg_ctl" --pgdata="$data" --log="$data/log" --wait --silent \
            --options="-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c port=$port" start >&2) || return 1
    fi
    echo "postgresql+psycopg://postgres@127.0.0.1:$port/postgres"
}

find_postgres() { # prints the address
    local default=postgresql+psycopg://postgres@127.0.0.1:5432/postgres
    if [ -n "${TEST_DATABASE_URL:-}" ]; then
        postgres_answers "$TEST_DATABASE_URL" || return 1
        echo "$TEST_DATABASE_URL"
        return
    fi
    if postgres_answers "$default"; then echo "$default"; return; fi
    if [ -z "$(postgres_bin)" ]; then apt_install postgresql || return 1; fi
    start_system_cluster || true
    if ! port_is_free 5432 && wait_for 5 postgres_answers "$default"; then echo "$default"; return; fi
    start_private_cluster
}

# Redis

redis_answers() {
    .venv/bin/python - "$1" <<'PYTHON' 2>/dev/null
import sys

import redis

redis.Redis.from_url(sys.argv[1], socket_timeout=3, socket_connect_timeout=3).ping()
PYTHON
}

find_redis() { # prints the address
    local default=redis://127.0.0.1:6379/0
    if [ -n "${TEST_REDIS_URL:-}" ]; then
        redis_answers "$TEST_REDIS_URL" || return 1
        echo "$TEST_REDIS_URL"
        return
    fi
    if redis_answers "$default"; then echo "$default"; return; fi
    if ! command -v redis-server >/dev/null; then apt_install redis-server || return 1; fi
    if ! redis_answers "$default"; then # the package's own start may have brought it up
        say 'starting Redis'
        redis-server --bind 127.0.0.1 --port 6379 --save '' --appendonly no --daemonize yes --dir /var/tmp >&2
    fi
    wait_for 10 redis_answers "$default" || return 1
    echo "$default"
}

# Chromium

find_chromium() { # prints the path
    local name
    if [ -n "${CHROMIUM:-}" ]; then
        [ -x "$CHROMIUM" ] || return 1
        echo "$CHROMIUM"
        return
    fi
    if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
        apt_install chromium fonts-noto-cjk || return 1
    fi
    for name in chromium chromium-browser; do
        if command -v "$name"; then return; fi
    done
    return 1
}

# Java, for the checker of HTML

find_java() { command -v java >/dev/null || apt_install default-jre-headless; }

[ -x .venv/bin/python ] || fail 'there is no .venv: run make install first'

missing=()
database=$(find_postgres) || missing+=("PostgreSQL: no server that lets the tests in (TEST_DATABASE_URL=${TEST_DATABASE_URL:-unset}). On Debian, as root: apt-get install postgresql")
broker=$(find_redis) || missing+=("Redis: no server answers (TEST_REDIS_URL=${TEST_REDIS_URL:-unset}). On Debian, as root: apt-get install redis-server")
browser=$(find_chromium) || missing+=("Chromium: not installed. On Debian, as root: apt-get install chromium fonts-noto-cjk")
find_java || missing+=("Java: not installed. On Debian, as root: apt-get install default-jre-headless")
if [ ${#missing[@]} -gt 0 ]; then
    for line in "${missing[@]}"; do say "missing: $line"; done
    exit 1
fi

echo "TEST_DATABASE_URL=$database"
echo "TEST_REDIS_URL=$broker"
echo "CHROMIUM=$browser"
