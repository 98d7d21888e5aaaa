# shellcheck shell=bash
# Redis: one alone, and one in cluster mode that owns every slot and so proves that keys of one command share a hash tag.
# Sourced by ../services.sh.
# shellcheck disable=SC2034 # `command` is for the caller

readonly REDIS_PORT=${ECOM_REDIS_PORT:-21379} REDIS_CLUSTER_PORT=${ECOM_REDIS_CLUSTER_PORT:-21380}

redis_version() { redis-server --version 2>/dev/null | sed -n 's/.* v=\([^ ]*\).*/\1/p'; }
redis_port() { if [ "$1" = redis ]; then echo "$REDIS_PORT"; else echo "$REDIS_CLUSTER_PORT"; fi; }
redis_url() { echo "redis://127.0.0.1:$(redis_port "$1")"; }

# A cluster's nodes talk to each other on a second port.
redis_ports() {
  redis_port "$1"
  [ "$1" = redis ] || echo $((REDIS_CLUSTER_PORT + 10000))
}

redis_env() {
  if [ "$1" = redis ]; then echo "export ECOM_TEST_REDIS_URL=$(redis_url "$1")/"
  else echo "export ECOM_TEST_REDIS_CLUSTER_URL=$(redis_url "$1")"; fi
}

redis_install() {
  command -v redis-server >/dev/null && command -v redis-cli >/dev/null && return
  can_apt || { say redis 'is missing: install the packages redis-server and redis-tools'; return 1; }
  step redis 'installing redis-server' apt_install redis-server
}

redis_configure() {
  local data
  data=$(data_of "$1")
  printf '%s\n' 'bind 127.0.0.1' "port $(redis_port "$1")" "dir \"$data\"" 'save ""' 'appendonly no' >"$data/redis.conf"
  [ "$1" = redis ] || printf '%s\n' 'cluster-enabled yes' 'cluster-announce-ip 127.0.0.1' >>"$data/redis.conf"
}

redis_command() { command=(redis-server "$(data_of "$1")/redis.conf"); }

redis_ask() { timeout 1 redis-cli -p "$(redis_port "$1")" "${@:2}" 2>/dev/null; }

# A new cluster node owns no slot, and says that its cluster is down until it owns them all.
redis_answers() {
  [ "$(redis_ask "$1" ping)" = PONG ] || return 1
  [ "$1" != redis ] || return 0
  [[ $(redis_ask "$1" cluster info) != *cluster_slots_assigned:0* ]] || redis_ask "$1" cluster addslotsrange 0 16383 >/dev/null
  [[ $(redis_ask "$1" cluster info) == *cluster_state:ok* ]]
}
