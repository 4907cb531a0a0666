#!/bin/bash
# The demonstration: a token, a person's approval, a signature, and both services, end to end.
#
#   run.sh                 everything by itself; a script types the person's answers at the terminal prompter
#   run.sh --interactive   a person answers on the page in the browser; ends with Ctrl-C
#
# Every command that matters is shown before it runs. What it leaves lies in target/demo.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/demo/lib.sh
. tests/demo/lib.sh

interactive=no
case ${1-} in
    "") ;;
    --interactive) interactive=yes ;;
    *) echo "usage: $0 [--interactive]" >&2 && exit 2 ;;
esac

out=$PWD/target/demo
work=$out/work
bin=$PWD/target/release
trap 'stop_everything' EXIT
trap 'exit 130' INT TERM

chapter "Preparing"
scripts/prepare.sh --demo
# Nobody looks at the documents of the demonstration, so what draws their pages is built only where a person does.
features=(--no-default-features)
[ "$interactive" = no ] || features=()
shown cargo build --release --locked --workspace "${features[@]}"
rm -rf "$out"
mkdir -p "$out/idocs" "$out/mig24"
mkdir -m 700 "$work"
timings_begin

chapter "Tokens: SoftHSM with an RSA key, and a GOST R 34.10-2012 token"
shown "$bin/softhsm-fixtures" create --dir "$work/fixtures"
cp "$work/fixtures/ca.pem" "$work/fixtures/gost-ca.pem" "$out/"
fixture() { jq -er --arg name "$1" ".certificates[] | select(.name == \$name) | $2" "$work/fixtures/fixtures.json"; }
director=$(fixture kz-director .fingerprint)
gost_director=$(fixture gost-director .fingerprint)
pin=$(cat "$work/fixtures/pin")
timing fixtures

chapter "Stand-ins for iDocs and EDO.MIG24: they accept no signature that OpenSSL has not verified"
start sandbox "$bin/edo-sandbox" --ca "$work/fixtures/ca.pem" --gost-ca "$work/fixtures/gost-ca.pem" \
    --company-bin "$(fixture kz-director .bin)" --employee "$(fixture kz-director .iin)" --org-inn "$(fixture gost-director .innle)"
wait_for "the sandbox" test -s "$work/sandbox.out"
sandbox() { jq -er ".$1" "$work/sandbox.out"; }
sandbox_url=$(sandbox base_url)
echo "  $sandbox_url"
(umask 077 && sandbox idocs_token >"$work/idocs-token" && sandbox mig24_token >"$work/mig24-token")

chapter "The agent"
config=$work/tokensign.toml
{
    cat "$work/fixtures/tokensign.toml"
    cat <<PROFILES

[idocs.demo]
base_url = "$sandbox_url"
token = { file = "$work/idocs-token" }
certificate = "${director:0:16}"

[mig24.demo]
base_url = "$sandbox_url"
token = { file = "$work/mig24-token" }
certificate = "${gost_director:0:16}"
PROFILES
} >"$config"
export TOKENSIGN_CONFIG=$config
tokensign() { "$bin/tokensign" --language en "$@"; }
start agent "$bin/tokensign" --language en serve --listen 127.0.0.1:0
wait_for "the agent" test -s "$work/fixtures/run/endpoint.json"
agent_url=$(jq -er .http "$work/fixtures/run/endpoint.json")
shown tokensign status
shown tokensign tokens
timing agent

if [ "$interactive" = yes ]; then
    chapter "Your part: open this page and answer there. The PIN of both tokens is $pin"
    tokensign open --print
else
    chapter "A person at a terminal: tokensign approve --watch"
    person_sits_down tokensign-prompter "$bin/tokensign" --language en approve --watch
fi

chapter "A program asks to be connected; the person compares six digits"
api POST /v1/pairings -H 'Content-Type: application/json' -d '{
  "name": "Demo accounting",
  "permissions": ["sign", "certificates", "verify", "idocs:demo:submit", "mig24:demo:submit"]
}'
expect 201
pairing=$(cat "$answer")
code=$(jq -er .code <<<"$pairing")
echo "  the program shows: $code"
person_approves pairing "$code"
pairing_id=$(jq -er .id <<<"$pairing")
pairing_secret=$(jq -er .secret <<<"$pairing")
poll_pairing() {
    quiet_api GET "/v1/pairings/$pairing_id" -H "Authorization: Pairing $pairing_secret"
    jq -e .token "$answer" >/dev/null
}
wait_for "the person's answer" poll_pairing
token=$(jq -er .token "$answer")
auth=(-H "Authorization: Bearer $token")
echo "  connected; the token is shown once and kept by the program"
timing pairing

chapter "iDocs: send a document, sign it, save the signature with the server's ticket"
printf 'Акт выполненных работ № 7\nИсполнитель: ТОО «Вымышленная компания»\n' >"$work/act.txt"
api POST /v1/idocs/demo/quick-signs "${auth[@]}" -H "Idempotency-Key: demo-idocs-$$" \
    -F 'request={"send": {"name": "act.txt", "number": "7", "date": "2026-11-21", "group": "Accounting",
  "counterparty_bin": "210540000019"}};type=application/json' -F "file=@$work/act.txt"
expect 202
idocs_job=$(jq -er .id "$answer")
person_approves "signature for iDocs" "$pin"
settled "/v1/jobs/$idocs_job" "$work/idocs-job.json"
content=$(jq -er .outcome.content_digest.value "$work/idocs-job.json" | base64 -d | od -An -tx1 | tr -d ' \n')
curl -fsS -o "$out/idocs/content.zip" "$sandbox_url/_sandbox/blobs/$content"
jq -er .outcome.signature "$work/idocs-job.json" | base64 -d >"$out/idocs/signature.cms"
timing idocs

chapter "EDO.MIG24: three documents, one approval, signed with the GOST token"
form=()
documents=()
for name in contract.txt invoice.txt act.txt; do
    printf 'Документ %s\n' "$name" >"$out/mig24/$name"
    form+=(-F "${name%.txt}=@$out/mig24/$name")
    documents+=("{\"part\": \"${name%.txt}\", \"name\": \"$name\", \"sign_required\": true}")
done
list=$(IFS=,; echo "${documents[*]}")
api POST /v1/mig24/demo/package-group-signatures "${auth[@]}" -H "Idempotency-Key: demo-mig24-$$" \
    -F "request={\"send\": {\"recipient_abonent_code\": \"2AL-DEMO\", \"documents\": [$list]}};type=application/json" "${form[@]}"
expect 202
mig24_job=$(jq -er .id "$answer")
person_approves "signatures for EDO.MIG24" "$pin"
settled "/v1/jobs/$mig24_job" "$work/mig24-job.json"
jq -c '.outcome.documents[]' "$work/mig24-job.json" | while IFS= read -r document; do
    name=$(jq -er .name <<<"$document")
    jq -er .signature <<<"$document" | base64 -d >"$out/mig24/$name.p7s"
done
timing mig24

chapter "OpenSSL, which knows nothing of tokensign, accepts every signature"
shown openssl cms -verify -binary -inform DER -in "$out/idocs/signature.cms" -content "$out/idocs/content.zip" \
    -CAfile "$out/ca.pem" -purpose any -out /dev/null
for signature in "$out"/mig24/*.p7s; do
    shown env OPENSSL_CONF="$work/fixtures/gost-openssl.cnf" openssl cms -verify -binary -inform DER -in "$signature" \
        -content "${signature%.p7s}" -CAfile "$out/gost-ca.pem" -purpose any -out /dev/null
done
timing verified

chapter "What the services saw: everything once"
curl -fsS "$sandbox_url/_sandbox/effects" >"$work/effects.json"
curl -fsS "$sandbox_url/_sandbox/summary" >"$work/summary.json"
jq -r '(.effects? // .)[] | "  \(.at)  \(.service)  \(.kind)"' "$work/effects.json"
if ! jq -e '.duplicates | length == 0' "$work/summary.json" >/dev/null; then
    fail "something was done twice: $(jq -c .duplicates "$work/summary.json")"
fi

chapter "Three refusals"
echo "A program that is not connected:"
api POST /v1/signatures -H 'Content-Type: application/json' -d '{"documents": [{"name": "a", "content": "YQ=="}]}'
refused 401 unpaired
echo "A web page of another site, even with the program's token:"
api POST /v1/signatures "${auth[@]}" -H 'Origin: https://shop.example' -H 'Content-Type: application/json' \
    -d '{"documents": [{"name": "a", "content": "YQ=="}]}'
refused 403 foreign_origin
echo "A document that was changed on its way:"
digest=$(printf 'the contract as it was' | openssl dgst -sha256 -binary | base64)
api POST /v1/signatures "${auth[@]}" -H 'Content-Type: application/json' -d '{"documents": [{"name": "contract.txt",
  "content": "'"$(printf 'the contract, tampered with' | base64)"'", "digest": {"algorithm": "sha256", "value": "'"$digest"'"}}]}'
refused 422 digest_mismatch
timing refusals

write_report "$out/demo.json"
chapter "Done. $out holds:"
(cd "$out" && find . -path ./work -prune -o -type f -print | sort | sed 's/^/  /')

if [ "$interactive" = yes ]; then
    chapter "Agent and sandbox go on until Ctrl-C"
    echo "  agent    $agent_url    (TOKENSIGN_CONFIG=$config)"
    echo "  sandbox  $sandbox_url"
    echo "  a new link to the page: TOKENSIGN_CONFIG=$config $bin/tokensign open --print"
    wait
fi
