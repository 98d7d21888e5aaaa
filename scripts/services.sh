#!/usr/bin/env bash
# The real servers that the integration tests talk to, without Docker: Kafka, Redis (alone and as a cluster), and FerretDB,
# which speaks MongoDB's protocol. Everything lives in one folder outside of the tree and listens on 127.0.0.1 only.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: services.sh up                    install what is missing, start what is down, wait until each server answers
       services.sh down [--volumes]      stop all servers; --volumes deletes their data and logs too
       services.sh status                one line a server; exits 1 if any is not up
       services.sh env                   what the tests read: eval "$(bash scripts/services.sh env)"
       services.sh run COMMAND ...       run a command with that environment, in which no server may be missing
       services.sh install               download and build only, to fill a cache
       services.sh start|stop|kill|pause|resume NAME
                                         one server, for fault tests: kill is SIGKILL, pause SIGSTOP, resume SIGCONT
NAME is kafka, redis, redis-cluster or ferretdb.
ECOM_SERVICES_DIR sets the folder, ECOM_KAFKA_PORT and the like the ports, ECOM_SERVICES_PASSWORD the password of Kafka's user
(one that changed takes effect after `down --volumes`).
EOF
}

readonly NAMES=(kafka redis redis-cluster ferretdb)
readonly ROOT=${ECOM_SERVICES_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ecom-services}
readonly START_SECONDS=${ECOM_SERVICES_START_SECONDS:-90} STOP_SECONDS=30

say() { printf '%-14s %s\n' "$1" "$2"; }
die() { printf 'services: %s\n' "$*" >&2; exit 1; }
require() { command -v "$1" >/dev/null || die "$1 is missing: install $2"; }
log_of() { echo "$ROOT/log/$1.log"; }
data_of() { echo "$ROOT/data/$1"; }

# Each of these files gives, for its kind of server: KIND_ports, _url, _version, _env, _configure and _answers, which take a
# server's name, KIND_command, which sets the array `command` to what becomes the server, and what installs it.
here=$(dirname "${BASH_SOURCE[0]}")
for kind in kafka redis ferretdb; do
  # shellcheck source=/dev/null
  source "$here/services/$kind.sh"
done

# What `redis-cluster` is a kind of: redis. So `of redis-cluster ports` calls `redis_ports redis-cluster`.
of() { "${1%%-*}_$2" "$1"; }

# Runs a part of the work of one server with its output in that server's log; says in a line how it went, and shows the log's
# end if it failed. The work runs in the background because `set -e` is without effect inside of a condition.
step() {
  local name=$1 what=$2 log began=$SECONDS
  shift 2
  log=$(log_of "$name")
  say "$name" "$what ..."
  ("$@") >>"$log" 2>&1 </dev/null &
  if wait $!; then
    say "$name" "$what: done in $((SECONDS - began)) s"
  else
    say "$name" "$what: FAILED; the end of $log:"
    tail -n 25 "$log"
    return 1
  fi
}

# Waits for background jobs; fails if one of them did, but not before all have ended.
wait_all() {
  local job failed=0
  for job in "$@"; do wait "$job" || failed=1; done
  return "$failed"
}

apt_install() {
  # A stale package list is the usual reason to fail, so the second try refreshes it.
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300)
  "${apt[@]}" install "$@" || { "${apt[@]}" update && "${apt[@]}" install "$@"; }
}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# kcat is the foreign Kafka client of some tests, which are skipped without it. So its absence is no failure.
install_packages() {
  redis_install
  command -v kcat >/dev/null && return
  if can_apt; then step kcat 'installing (optional)' apt_install kcat && return; fi
  say kcat 'is missing; optional, so some tests are skipped'
}

install_all() {
  local jobs=()
  kafka_install & jobs+=($!)
  ferretdb_install & jobs+=($!)
  install_packages & jobs+=($!)
  wait_all "${jobs[@]}" || die 'not everything could be installed'
}

# A field of a process's stat line, counted after the name, which may hold anything: 1 is the state, 20 the start time.
stat_field() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }"
  echo "${fields[$2 - 1]}"
}

# The pid of a server of ours that lives. A pid file may be old and its pid in use again: only the start time proves that the
# process is the one that we started. A killed one is a zombie, but holds its ports until the last of its threads has ended.
pid_of() {
  local pid started threads
  read -r pid started 2>/dev/null <"$ROOT/run/$1.pid" || return 1
  [ "$(stat_field "$pid" 20)" = "$started" ] || return 1
  threads=("/proc/$pid/task"/*)
  { [ "$(stat_field "$pid" 1)" != Z ] || [ ${#threads[@]} -gt 1 ]; } && echo "$pid"
}

# Sends a request and prints so many bytes of the reply in hex. A second is the limit: a paused server accepts, and no more.
# shellcheck disable=SC2016
ask() {
  timeout 1 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" && printf "$1" >&3 && head -c "$2" <&3' "$@" 2>/dev/null |
    od -An -v -tx1 | tr -d ' \n'
}

# Starts a server in a session of its own with no descriptor of ours: it outlives the shell, holds no lock of ours, and keeps
# no pipe open that somebody reads to its end.
launch() {
  local command fd
  of "$1" command
  (
    for fd in "/proc/$BASHPID/fd"/*; do
      fd=${fd##*/}
      [ "$fd" -le 2 ] || eval "exec $fd>&-"
    done
    cd "$(data_of "$1")"
    exec setsid "${command[@]}"
  ) </dev/null >>"$(log_of "$1")" 2>&1 &
  echo "$! $(stat_field $! 20)" >"$ROOT/run/$1.pid"
}

await() {
  local deadline=$((SECONDS + START_SECONDS))
  until of "$1" answers; do
    pid_of "$1" >/dev/null || die "$1 ended by itself"
    [ "$SECONDS" -lt "$deadline" ] || die "$1 does not answer within $START_SECONDS s"
    sleep 0.1
  done
}

bring_up() {
  local name=$1 port
  for port in $(of "$name" ports); do
    if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then die "port $port is in use by something else"; fi
  done
  mkdir -p "$(data_of "$name")"
  of "$name" configure
  launch "$name"
  await "$name"
}

start() {
  local pid
  if pid=$(pid_of "$1"); then
    say "$1" "runs already, pid $pid, $(of "$1" url)"
    kill -CONT "$pid" # it may be paused
    of "$1" answers || step "$1" 'waiting for it to answer' await "$1"
  else
    step "$1" "starting on $(of "$1" url)" bring_up "$1"
  fi
}

send() {
  local pid
  pid=$(pid_of "$2") || { say "$2" 'does not run'; return 1; }
  kill "-$1" "$pid"
}

# A paused server handles no TERM before it goes on. KILL is for one that does not end.
stop() {
  local pid deadline=$((SECONDS + STOP_SECONDS))
  pid=$(pid_of "$1") || { say "$1" 'does not run'; return 0; }
  kill -TERM "$pid"
  kill -CONT "$pid" 2>/dev/null || true
  while pid_of "$1" >/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
  if pid_of "$1" >/dev/null; then force "$1"; else say "$1" 'stopped'; fi
}

force() {
  send KILL "$1"
  while pid_of "$1" >/dev/null; do sleep 0.05; done
  say "$1" 'killed'
}

# Does a thing to all servers at once.
each() {
  local name jobs=()
  for name in "${NAMES[@]}"; do "$1" "$name" & jobs+=($!); done
  wait_all "${jobs[@]}"
}

status() {
  local name pid state all=0
  for name in "${NAMES[@]}"; do
    if ! pid=$(pid_of "$name"); then pid=- state=down
    elif [ "$(stat_field "$pid" 1)" = T ]; then state=paused
    elif of "$name" answers; then state=up
    else state='not answering'; fi
    [ "$state" = up ] || all=1
    printf '%-14s %-8s %-30s %8s  %s\n' "$name" "$(of "$name" version)" "$(of "$name" url)" "$pid" "$state"
  done
  return "$all"
}

# Changes happen one after the other, whoever asks for them.
lock() {
  mkdir -p "$ROOT/run" "$ROOT/log"
  exec {lock_fd}>"$ROOT/lock"
  flock -n "$lock_fd" && return
  echo 'services: waiting for another services.sh' >&2
  flock -w 1800 "$lock_fd" || die 'the other services.sh does not end'
}

named() {
  local name
  for name in "${NAMES[@]}"; do [ "$name" != "${1:-}" ] || return 0; done
  die "name one of: ${NAMES[*]}"
}

case ${1:-} in
  up) lock; install_all; each start || die 'not everything runs' ;;
  install) lock; install_all ;;
  down)
    [ "${2:---volumes}" = --volumes ] || die "down knows --volumes, not $2"
    lock
    each stop
    [ -z "${2:-}" ] || rm -rf "$ROOT/data" "$ROOT/log" "$ROOT/run"
    ;;
  status) status ;;
  env) for name in "${NAMES[@]}"; do of "$name" env; done ;;
  run)
    shift
    eval "$(for name in "${NAMES[@]}"; do of "$name" env; done)"
    REQUIRE_BACKENDS=kafka,mongodb,redis exec "$@"
    ;;
  start | stop) named "${2:-}"; lock; "$1" "$2" ;;
  kill) named "${2:-}"; lock; force "$2" ;;
  pause) named "${2:-}"; lock; send STOP "$2" ;;
  resume) named "${2:-}"; lock; send CONT "$2" ;;
  help | --help | -h) usage ;;
  *) usage >&2; exit 2 ;;
esac
