#!/bin/bash
# prepare.sh [--demo]: checks what building and testing needs before anything is compiled, or only what the demonstration needs. On
# Debian and its relatives, as root or with sudo that asks no password, installs what is missing; otherwise names the one command that
# mends it and stops.
set -u
cd "$(dirname "$0")/.." || exit 1

# What is needed: a check that can be run anywhere, and the Debian package that satisfies it.
needed_by_the_demonstration() {
    cat <<'NEEDS'
command -v make|make
command -v gcc|gcc
printf '#include <stdlib.h>\nint main(void){return 0;}' | gcc -x c - -o /dev/null|libc6-dev
command -v pkg-config|pkg-config
pkg-config --exists libpcsclite|libpcsclite-dev
command -v softhsm2-util|softhsm2
command -v pkcs11-tool|opensc
command -v openssl|openssl
openssl engine -t gost | grep -F "[ available ]"|libengine-gost-openssl
command -v curl|curl
command -v jq|jq
command -v script|bsdutils
test -e /etc/ssl/certs/ca-certificates.crt -o -d /etc/pki/tls/certs|ca-certificates
NEEDS
}

needed_by_the_tests() {
    cat <<'NEEDS'
test -x /usr/sbin/pcscd|pcscd
test -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so|vsmartcard-vpcd
ls /usr/lib/*/libykcs11.so.2 /usr/lib64/libykcs11.so.2 | grep -q so|ykcs11
command -v certtool|gnutls-bin
ls /usr/lib/*/libsoftokn3.so /usr/lib64/libsoftokn3.so | grep -q so|libnss3
command -v flock|util-linux
command -v faketime|faketime
command -v secret-tool|libsecret-tools
command -v gnome-keyring-daemon|gnome-keyring
command -v dbus-run-session|dbus-daemon
NEEDS
}

case ${1-} in
    "") needs() { needed_by_the_demonstration && needed_by_the_tests; } ;;
    --demo) needs() { needed_by_the_demonstration; } ;;
    *) echo "usage: $0 [--demo]" >&2 && exit 2 ;;
esac

missing_packages() {
    needs | while IFS= read -r line; do
        check=${line%|*}
        bash -c "$check" >/dev/null 2>&1 </dev/null || printf '%s ' "${line##*|}"
    done
}

stop() {
    echo "tokensign cannot be built yet: $1" >&2
    echo "    $2" >&2
    exit 1
}

# Cargo is often installed for the user only, and a plain shell does not look there.
if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-${HOME:-/root}/.cargo}/bin/cargo" ]; then
    stop "cargo is installed, but not in PATH. Run" ". \"${CARGO_HOME:-${HOME:-/root}/.cargo}/env\""
fi
wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
found=$(rustc --version 2>/dev/null | cut -d' ' -f2 | cut -d- -f1)
if [ -z "$found" ]; then
    stop "Rust $wanted or newer is missing. Run" \
        "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
elif [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
    stop "Rust $found is too old, $wanted or newer is needed. Run" "rustup update stable"
fi

missing=$(missing_packages)
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null; then
    stop "these are missing (by their Debian names): $missing" "install what corresponds to them on this system, then repeat"
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    stop "packages are missing. Run" "sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
fi

echo "Installing what Debian lacks: $missing"
install() {
    # shellcheck disable=SC2086 # the list is meant to be split
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
}
# A bare container has no package lists yet, and an old image has stale ones.
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
{ $as_root apt-get update -q && install; } >"$log" 2>&1 || {
    tail -n 15 "$log" >&2
    stop "the packages cannot be installed. Run" \
        "${as_root:+sudo }apt-get update && ${as_root:+sudo }apt-get install -y --no-install-recommends $missing"
}
missing=$(missing_packages)
[ -z "$missing" ] || stop "still missing after installing: $missing. Look at" "dpkg -l $missing"
