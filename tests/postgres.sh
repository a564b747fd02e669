#!/bin/sh
# Runs a command with DATABASE_URL set to a PostgreSQL of its own: a cluster in a temporary folder, on
# a free port of this machine, gone when the command ends.
#
#   tests/postgres.sh cargo test -p sso-store --features postgres
#
# With --tls the server has a certificate for `localhost`. TLS_FOLDER then has the authority's own,
# ca.pem, and that of another, other-ca.pem.
set -eu

tls=
if [ "${1:-}" = --tls ]; then tls=yes; shift; fi

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
options=
if [ -n "$tls" ]; then
    for name in ca other-ca; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$name" \
            -addext basicConstraints=critical,CA:TRUE -keyout "$folder/$name.key" -out "$folder/$name.pem" 2>/dev/null
    done
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server \
        -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
    echo "subjectAltName=DNS:localhost" >"$folder/names"
    openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial \
        -days 2 -extfile "$folder/names" -out "$folder/server.pem" 2>/dev/null
    chmod 600 "$folder/server.key"
    if [ "$(id -u)" = 0 ]; then chown postgres "$folder/server.key"; fi
    options="-c ssl=on -c ssl_cert_file=$folder/server.pem -c ssl_key_file=$folder/server.key"
    TLS_FOLDER=$folder
    export TLS_FOLDER
fi

port=0
for try in 1 2 3 4 5; do
    port=$((20000 + ($$ * 7 + try * 1009) % 20000))
    if as "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/data/log" \
        -o "-p $port -k $folder -c listen_addresses=127.0.0.1 -c max_connections=200 $options" start >/dev/null 2>&1; then
        break
    fi
    [ "$try" != 5 ] || { cat "$folder/data/log" >&2; exit 1; }
done

DATABASE_URL="postgres://portal@127.0.0.1:$port/postgres"
export DATABASE_URL
"$@"
