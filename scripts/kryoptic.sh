#!/bin/bash
# kryoptic.sh: builds kryoptic, a PKCS#11 token in Rust, from its published source, as target/kryoptic/libkryoptic_pkcs11.so. It takes some
# minutes, so only `make test-full` wants it.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.5.4
directory=$PWD/target/kryoptic
[ ! -e "$directory/libkryoptic_pkcs11.so" ] || exit 0

# Its lib is loaded and not linked, so it is no dependency of ours; a package that names it has cargo fetch it.
mkdir -p "$directory/fetch"
printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2024"\n[lib]\npath = "lib.rs"\n[dependencies]\nkryoptic = "=%s"\n[workspace]\n' \
    "$version" >"$directory/fetch/Cargo.toml"
: >"$directory/fetch/lib.rs"
manifest=$(cargo metadata --quiet --format-version 1 --manifest-path "$directory/fetch/Cargo.toml" |
    jq -r '.packages[] | select(.name == "kryoptic") | .manifest_path')
rm -rf "$directory/source"
cp -r "$(dirname "$manifest")" "$directory/source"
echo '[workspace]' >>"$directory/source/Cargo.toml"
# What Debian 12's OpenSSL has.
cargo build --quiet --release --manifest-path "$directory/source/Cargo.toml" --target-dir "$directory/build" \
    --no-default-features --features minimal,kryoptic-lib/dynamic,kryoptic-lib/log
cp "$directory/build/release/libkryoptic_pkcs11.so" "$directory/"
