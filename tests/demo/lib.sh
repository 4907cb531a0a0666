# Helpers of the demonstration. Sourced by run.sh, which sets: out, work, agent_url, interactive, pin.
# shellcheck shell=bash disable=SC2154

started=()
refusals=()
approvals=()

chapter() { printf '\n== %s\n' "$*"; }

fail() {
    echo "demo: $*" >&2
    exit 1
}

# Shows a command as it can be typed, then runs it.
shown() {
    local words=() word
    for word in "$@"; do
        word=${word//"$PWD/"/}
        case $word in
            *[!A-Za-z0-9_./:=@%+,-]* | "") words+=("'${word//\'/\'\\\'\'}'") ;;
            *) words+=("$word") ;;
        esac
    done
    echo "\$ ${words[*]}"
    "$@"
}

# start NAME COMMAND…: in the background, without a desktop session; its output goes to work/NAME.out and NAME.log.
start() {
    local name=$1
    shift
    echo "\$ ${*//"$PWD/"/} &"
    env -u DISPLAY -u WAYLAND_DISPLAY "$@" >"$work/$name.out" 2>"$work/$name.log" </dev/null &
    started+=("$!:$name")
}

# wait_for WHAT COMMAND…: until the command succeeds. Fails when something that was started has ended.
wait_for() {
    local what=$1 tries=0 entry limit=600
    shift
    [ "$interactive" = no ] || limit=18000
    until "$@" >/dev/null 2>&1; do
        for entry in "${started[@]}"; do
            if ! kill -0 "${entry%%:*}" 2>/dev/null; then
                local status=0
                wait "${entry%%:*}" || status=$?
                tail -n 20 "$work/${entry#*:}.log" >&2 || true
                fail "${entry#*:} has ended (status $status)"
            fi
        done
        tries=$((tries + 1))
        [ "$tries" -lt "$limit" ] || fail "waited too long for $what"
        sleep 0.1
    done
}

# Ends what start has started, the newest first, and nothing else.
stop_everything() {
    local status=$? entry index
    trap - EXIT
    if [ -n "${person_keys-}" ]; then
        exec {person_keys}>&- || true
    fi
    for ((index = ${#started[@]} - 1; index >= 0; index--)); do
        entry=${started[index]}
        kill "${entry%%:*}" 2>/dev/null || true
        wait "${entry%%:*}" 2>/dev/null || true
    done
    rm -f "$answer"
    if [ "$status" -eq 130 ]; then
        echo "demo: stopped, and with it everything that it had started" >&2
    elif [ "$status" -ne 0 ] && [ -d "${work-}" ]; then
        echo "demo: failed; what was started has been stopped, logs are in $work" >&2
    fi
    exit "$status"
}

# The agent's HTTP endpoint, as another program uses it. The answer's body is in the file $answer, its status in $http_status.
answer=$(mktemp)
http_status=000
colour=-M
[ ! -t 1 ] || colour=-C

api() {
    local method=$1 path=$2
    shift 2
    local words=() word
    for word in "$@"; do
        word=${word//"$PWD/"/}
        if [ -n "${token-}" ]; then
            word=${word//"$token"/\$TOKEN}
        fi
        case $word in
            -*) words+=("$word") ;;
            *) words+=("'$word'") ;;
        esac
    done
    echo "\$ curl -X $method $agent_url$path ${words[*]}"
    quiet_api "$method" "$path" "$@"
    echo "  HTTP $http_status"
    jq "$colour" . "$answer" 2>/dev/null | cut -c 1-160 | head -n 40 | sed 's/^/  /'
}

quiet_api() {
    local method=$1 path=$2
    shift 2
    http_status=$(curl -sS --noproxy '*' -o "$answer" -w '%{http_code}' -X "$method" "$agent_url$path" "$@")
}

expect() {
    [ "$http_status" = "$1" ] || fail "the agent answers $http_status instead of $1: $(cat "$answer")"
}

# refused STATUS CODE: the last answer is this refusal; it goes into the report.
refused() {
    expect "$1"
    jq -e --arg code "$2" '.code == $code' "$answer" >/dev/null || fail "the refusal is not $2: $(cat "$answer")"
    refusals+=("$(jq -c '{code, status, title}' "$answer")")
}

# settled PATH FILE: asks for the work until it is settled, keeps it in the file, and fails when it did not finish.
settled() {
    is_settled() {
        quiet_api GET "$1" "${auth[@]}" -H 'Prefer: wait=20'
        expect 200
        jq -e '.state != "running"' "$answer"
    }
    echo "\$ curl $agent_url$1 -H 'Authorization: Bearer \$TOKEN' -H 'Prefer: wait=20'    (until it is settled)"
    wait_for "the work to be settled" is_settled "$1"
    cp "$answer" "$2"
    jq -r '"  \(.state): \(.title)", (.steps[] | "    \(.name): \(.state)")' "$2"
    jq -e '.state == "finished"' "$2" >/dev/null || fail "the work did not finish: $(jq -c '{state, waiting, fault}' "$2")"
}

# The person: a terminal prompter in a terminal of its own (util-linux script), whose screen is the file work/screen.
person_sits_down() {
    local name=$1
    shift
    mkfifo "$work/keys"
    screen=$work/screen
    : >"$screen"
    screen_read=0
    echo "\$ ${*//"$PWD/"/}    (in a terminal)"
    script -q -f -e -c "$(printf '%q ' env -u DISPLAY -u WAYLAND_DISPLAY "$@")" /dev/null \
        <"$work/keys" >"$screen" 2>"$work/$name.log" &
    started+=("$!:$name")
    exec {person_keys}>"$work/keys"
    wait_on_screen "Waiting for requests"
}

# Waits until the text comes up on the part of the screen that was not read yet; leaves what was read, up to it, in $seen.
wait_on_screen() {
    text_is_there() {
        seen=$(tail -c "+$((screen_read + 1))" "$screen" | tr -d '\0')
        case $seen in *"$1"*) return 0 ;; *) return 1 ;; esac
    }
    wait_for "“$1” on the person's screen" text_is_there "$1"
    seen=${seen%%"$1"*}$1
    screen_read=$((screen_read + $(printf '%s' "$seen" | wc -c)))
}

show_seen() { tr -d '\r' <<<"$seen" | sed 's/^/  | /'; }

# person_approves WHAT TEXT: for a pairing TEXT are the digits to compare, otherwise it is the PIN.
person_approves() {
    local what=$1 text=$2
    if [ "$interactive" = yes ]; then
        echo "  … waiting for your answer on the page: $what"
        approvals+=("$(jq -nc --arg what "$what" '{what: $what, at: (now | todate), prompter: "web"}')")
        return
    fi
    wait_on_screen "“no” to refuse:"
    show_seen
    local question=$seen
    if [ "$what" = pairing ]; then
        case $seen in *"$text"*) ;; *) fail "the person sees other digits than the program shows" ;; esac
    fi
    echo "  | (types: yes)"
    echo yes >&"$person_keys"
    wait_on_screen yes
    if [ "$what" != pairing ]; then
        wait_on_screen "PIN (not shown; empty: refuse):"
        echo "  | (types the PIN)"
        printf '%s\n' "$text" >&"$person_keys"
    fi
    approvals+=("$(jq -nc --arg what "$what" --arg seen "$(tr -d '\r' <<<"$question")" \
        '{what: $what, at: (now | todate), prompter: "terminal", shown: ($seen | split("\n") | map(select(. != "")))}')")
}

timings_begin() {
    begun=$(date +%s%3N)
    timings='{}'
}

timing() {
    timings=$(jq -c --arg name "$1" --argjson at "$(($(date +%s%3N) - begun))" '. + {($name): $at}' <<<"$timings")
}

# What was asked, approved, signed, submitted and refused, with the milliseconds after the start at which each part was over.
write_report() {
    jq -n \
        --slurpfile idocs "$work/idocs-job.json" --slurpfile mig24 "$work/mig24-job.json" \
        --slurpfile effects "$work/effects.json" --slurpfile summary "$work/summary.json" \
        --argjson approvals "$(printf '%s\n' "${approvals[@]}" | jq -s .)" \
        --argjson refusals "$(printf '%s\n' "${refusals[@]}" | jq -s .)" \
        --argjson timings "$timings" '
        def without_signatures: walk(if type == "object" then del(.signature) else . end);
        {
            asked: [$idocs[0], $mig24[0] | {id, kind, profile, title, created_at}],
            approved: $approvals,
            signed: [$idocs[0], $mig24[0] | {id, outcome: (.outcome | without_signatures)}],
            submitted: {effects: $effects[0], summary: $summary[0]},
            refused: $refusals,
            milliseconds: $timings
        }' >"$1"
    # The report is no place for what opens anything.
    if grep -qF -e "$pin" -e "$token" "$1"; then
        rm -f "$1"
        fail "the report held a secret"
    fi
}
