#!/bin/bash
# test.sh [--full|--bench [NAME...]]: prepares the machine and runs the tests. Needs no network besides crates, no running services, no
# fixed ports and no settings of the user.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/prepare.sh

# The crash tests end the agent at its crash points; the released binary has none.
features=(--workspace --locked --features tokensign/failpoints)

# Most of the time a test waits: for a deadline, a card, another program. So more of them run than there are cores.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-$((2 * $(nproc)))}"

# The end-to-end tests start the agent, the sandbox and the fixtures as programs, and load the GOST test module as a library. What judges
# them is installed meanwhile.
if [ "${1-}" != --bench ]; then
    scripts/verifiers.sh "${1-}" &
    verifiers=$!
    built=0
    cargo build "${features[@]}" && cargo test --no-run "${features[@]}" || built=$?
    wait "$verifiers"
    [ "$built" -eq 0 ] || exit "$built"
fi
case ${1-} in
    "")
        cargo test "${features[@]}"
        ;;
    --full)
        log=target/test-full.log
        cargo test "${features[@]}" -- --include-ignored 2>&1 | tee "$log"
        echo "What ran, and how often:"
        sed -n 's/^test \(.*\) \.\.\. \(ok\|FAILED\|ignored\).*/\2 \1/p' "$log" | cut -d: -f1 | sort | uniq -c
        ;;
    --bench)
        cargo build --profile bench --workspace --locked
        # Memory says something of an optimised program only.
        [ $# -gt 1 ] || cargo test --profile bench --locked -p tokensign-tests --test e2e -- many_waiting
        cargo bench --locked -p tokensign-tests --bench bench -- "${@:2}"
        ;;
    *)
        echo "usage: $0 [--full|--bench]" >&2
        exit 2
        ;;
esac
