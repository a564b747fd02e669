#!/usr/bin/env bash
# What a newcomer does first: start the portal, sign in, break a login, ask why.
set -euo pipefail
cd "$(dirname "$0")/.."
# As `cargo test --workspace` builds them: `cargo build` alone would build half of the tree anew
cargo test --quiet --workspace --no-run --test cli --test mistakes
target=$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')
scratch=$(mktemp -d)
trap 'kill "$portal" 2>/dev/null || true; rm -rf "$scratch"' EXIT
(cd "$scratch" && exec "$target/debug/portal" --listen 127.0.0.1:18080 --base-url http://127.0.0.1:18080 --dev-idp 127.0.0.1:18081 >portal.log 2>&1) &
portal=$!
python3 tests/first_minutes.py http://127.0.0.1:18080 || { cat "$scratch/portal.log"; exit 1; }
(cd "$scratch" && "$target/debug/portal" logs) >"$scratch/logs.txt"
for expected in conditions.audience_mismatch "help:" "expected:"; do
    grep -q -- "$expected" "$scratch/logs.txt" || { echo "portal logs does not say $expected"; cat "$scratch/logs.txt"; exit 1; }
done
captures=tests/vectors/captures/simplesamlphp
explain() { "$target/debug/saml-explain" --response "$captures/assert.response.xml" --metadata "$captures/idp-metadata.xml" \
    --sp-entity-id "$1" --acs-url http://127.0.0.1:9000/acs/assert --at 2026-11-23T17:21:00Z "${@:2}"; }
explain https://sp.example.test/saml/assert --format json | python3 -c 'import json,sys; r=json.load(sys.stdin); assert r["verdict"]=="accepted" and r["name_id"]["value"]=="alice@example.test", r'
status=0; explain https://other.example >"$scratch/explained.txt" || status=$?
test "$status" = 1 && grep -q "conditions.audience_mismatch" "$scratch/explained.txt"
status=0; "$target/debug/saml-explain" 2>/dev/null || status=$?
test "$status" = 2
echo "portal, dev IdP and saml-explain do what the README says"
