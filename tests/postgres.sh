#!/bin/sh
# Runs a command with DATABASE_URL set to a PostgreSQL of its own: a cluster in a temporary folder, on
# a free port of this machine, gone when the command ends.
#
#   tests/postgres.sh cargo test -p sso-store --features postgres
set -eu

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
if [ -z "$bin" ] && command -v pg_config >/dev/null; then bin=$(pg_config --bindir); fi
if [ ! -x "$bin/initdb" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -y -qq postgresql >/dev/null
    bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
fi
if [ ! -x "$bin/initdb" ]; then
    echo "tests/postgres.sh: no initdb here; install PostgreSQL" >&2
    exit 1
fi

folder=$(mktemp -d)
# initdb refuses root
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as() { (cd / && runuser -u postgres -- "$@"); }
else
    as() { "$@"; }
fi
stop() {
    as "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM

as "$bin/initdb" -D "$folder/data" -U portal --auth=trust --encoding=UTF8 --locale=C >/dev/null
port=0
for try in 1 2 3 4 5; do
    port=$((20000 + ($$ * 7 + try * 1009) % 20000))
    if as "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/data/log" \
        -o "-p $port -k $folder -c listen_addresses=127.0.0.1 -c max_connections=200" start >/dev/null 2>&1; then
        break
    fi
    [ "$try" != 5 ] || { cat "$folder/data/log" >&2; exit 1; }
done

DATABASE_URL="postgres://portal@127.0.0.1:$port/postgres"
export DATABASE_URL
"$@"
