#!/usr/bin/env bash
# Two independent SCIM testers against the portal's own server: no error, no failure.
# scim2-tester and scim-sanity come from PyPI, into a virtual environment under target/.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-target}"
venv="$target/scim-testers"
if [ ! -x "$venv/bin/scim2" ] || [ ! -x "$venv/bin/scim-sanity" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "scim2-cli==0.6.0" "scim2-tester==0.5.2" "scim-sanity==0.7.4"
fi
# As `cargo test --workspace` builds it: `cargo build` alone would build half of the tree anew
cargo test --quiet --workspace --no-run --test cli
work="$(mktemp -d)"
database="sqlite:$work/portal.db"
# tests/postgres.sh tests/scim-tester.sh: on a server of its own
if [ -n "${DATABASE_URL:-}" ]; then database="$DATABASE_URL"; fi
echo "on ${database%%:*}"
portal() { "$target/debug/portal" --database "$database" "$@"; }
portal connection add test --label Test --fingerprint "$(printf 'ab%.0s' {1..32})" \
    --idp-entity-id https://idp.example --sso-url https://idp.example/sso >"$work/add"
token="$(portal scim-token create test 2>"$work/token")"
touch "$work/out"
# Not through the function: a signal to its subshell would leave the server running
"$target/debug/portal" --database "$database" --listen 127.0.0.1:0 --dev-idp off >"$work/out" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do
    base="$(sed -n 's|.*SP metadata *\(http://[^ ]*\)/saml/metadata|\1|p' "$work/out")"
    [ -n "$base" ] && break
    sleep 0.1
done
[ -n "$base" ] || { cat "$work/out"; exit 1; }

echo "scim2-tester:"
status=0
"$venv/bin/scim2" --url "$base/api/scim" --header "Authorization: Bearer $token" test >"$work/tester" 2>&1 || status=$?
successes="$(grep -c '^SUCCESS' "$work/tester" || true)"
# A run that ends early has no failure either, so the number counts too
if [ "$status" -ne 0 ] || [ "$successes" -lt 135 ] || grep -qE '^(ERROR|CRITICAL|FAIL)|Traceback' "$work/tester"; then
    grep -vE '^SUCCESS' "$work/tester" | head -n 60
    echo "scim2-tester: exit $status, $successes successes of at least 135"
    exit 1
fi
printf '%s successes, no error\n' "$successes"

echo "scim-sanity:"
"$venv/bin/scim-sanity" probe "$base/api/scim" --token "$token" --i-accept-side-effects >"$work/sanity" 2>&1 || { cat "$work/sanity"; exit 1; }
tail -n 4 "$work/sanity"
