#!/bin/bash
# verifiers.sh [--full]: the independent verifiers of the interoperability tests. What Debian has is installed where that is allowed; pyHanko (PyPI),
# pkijs and playwright-core (npm) go into target/. What stays missing is named by the tests themselves, with the command that installs it.
set -u
cd "$(dirname "$0")/.." || exit 1

packages=""
need() { # check, Debian package
    bash -c "$1" >/dev/null 2>&1 </dev/null || packages="$packages $2"
}
need "command -v javac" default-jdk-headless
need "test -e /usr/share/java/bcpkix.jar" libbcpkix-java
need "python3 -c 'import ensurepip'" python3-venv
# The broker of the tests of message queues; each test runs a node of its own, the system's service is not used.
need "test -e /usr/lib/rabbitmq/bin/rabbitmq-server" rabbitmq-server
# The page is tested in a real browser.
need "command -v chromium" chromium
need "command -v node" nodejs
# Grants end with the screen's lock; pinentry is driven at a terminal.
need "command -v dbus-daemon" dbus-daemon
need "command -v dbus-send" dbus-bin
need "command -v pinentry-curses" pinentry-curses
need "command -v npm" npm
if [ "${1-}" = --full ]; then
    need "command -v gpgsm" gpgsm
    need "command -v cmsutil" libnss3-tools
    # A TPM in software with its PKCS#11 module.
    need "command -v swtpm" swtpm
    need "command -v swtpm_setup" swtpm-tools
    need "command -v tpm2_ptool" libtpm2-pkcs11-tools
    need "ls /usr/lib/*/pkcs11/libtpm2_pkcs11.so" libtpm2-pkcs11-1
    need "test -x /usr/sbin/tpm2-abrmd" tpm2-abrmd
    need "ls /usr/lib/*/libtss2-tcti-tabrmd.so.0" libtss2-tcti-tabrmd0
    need "command -v dbus-daemon" dbus
    # What kryoptic is built with.
    need "ls /usr/lib/llvm-*/lib/libclang.so*" libclang-dev
    need "pkg-config --exists libcrypto" libssl-dev
    need "pkg-config --exists sqlite3" libsqlite3-dev
fi
if [ -n "$packages" ] && command -v apt-get >/dev/null; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo -n"
    # shellcheck disable=SC2086 # both lists are meant to be split
    { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages; } \
        >/dev/null 2>&1 || echo "verifiers: these could not be installed:$packages" >&2
fi

if [ ! -x target/pyhanko/bin/python ] || ! target/pyhanko/bin/python -c "import pyhanko" 2>/dev/null; then
    python3 -m venv target/pyhanko && target/pyhanko/bin/pip install -q --disable-pip-version-check pyhanko==0.38.0 ||
        echo "verifiers: pyHanko could not be installed" >&2
fi
if [ ! -x target/schemathesis/bin/st ] || [ ! -x target/schemathesis/bin/openapi-spec-validator ]; then
    python3 -m venv target/schemathesis &&
        target/schemathesis/bin/pip install -q --disable-pip-version-check schemathesis==4.32.5 openapi-spec-validator==0.9.0 ||
        echo "verifiers: schemathesis could not be installed" >&2
fi
# The last that runs on the Node.js 18 of Debian 12.
playwright=1.57.0
if ! grep -qF "\"version\": \"$playwright\"" target/browser/node_modules/playwright-core/package.json 2>/dev/null; then
    mkdir -p target/browser && npm install --silent --no-audit --no-fund --prefix target/browser "playwright-core@$playwright" >/dev/null ||
        echo "verifiers: playwright-core could not be installed" >&2
fi
if [ "${1-}" = --full ] && [ ! -d target/pkijs/node_modules/pkijs ]; then
    mkdir -p target/pkijs && npm install --silent --no-audit --no-fund --prefix target/pkijs "pkijs@4.0.0" >/dev/null ||
        echo "verifiers: pkijs could not be installed" >&2
fi
if [ "${1-}" = --full ]; then
    scripts/kryoptic.sh || echo "verifiers: kryoptic could not be built" >&2
fi
exit 0
