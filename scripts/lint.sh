#!/bin/bash
# Formatting, clippy, and the licences and sources of dependencies. The advisory database is not asked: it needs another network.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/prepare.sh

# The version that deny.toml is written for; the debug build of it is ready four times sooner.
deny_version=0.20.2

cargo fmt --all --check
cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
if ! cargo deny --version 2>/dev/null | grep -q "^cargo-deny "; then
    cargo install --quiet --debug --locked "cargo-deny@$deny_version"
fi
cargo deny --log-level error check bans licenses sources
