# shellcheck shell=bash
# FerretDB 1 on SQLite: a server of MongoDB's protocol that builds from source without a C compiler and needs no other server.
# Sourced by ../services.sh.
# shellcheck disable=SC2034 # `command` is for the caller

readonly FERRETDB_PORT=${ECOM_MONGODB_PORT:-21017} FERRETDB_VERSION=${ECOM_FERRETDB_VERSION:-1.24.0}
readonly FERRETDB_HOME=$ROOT/ferretdb-$FERRETDB_VERSION

ferretdb_version() { echo "$FERRETDB_VERSION"; }
ferretdb_url() { echo "mongodb://127.0.0.1:$FERRETDB_PORT/"; }
ferretdb_ports() { echo "$FERRETDB_PORT"; }
ferretdb_env() { echo "export ECOM_TEST_MONGODB_URL=$(ferretdb_url)"; }

ferretdb_install() {
  [ -d "$FERRETDB_HOME" ] || step ferretdb "building FerretDB $FERRETDB_VERSION" ferretdb_build
}

# What `go install` builds refuses to start, for it misses a file with its version that the module does not ship. So this
# builds from a copy of the module that has the file.
ferretdb_build() {
  local work=$FERRETDB_HOME.part module=github.com/FerretDB/FerretDB@v$FERRETDB_VERSION
  require go 'Go 1.22 or newer (golang)'
  rm -rf "$work"
  mkdir -p "$work"
  cd "$work" || return
  go mod download "$module"
  cp -R --no-preserve=mode "$(go list -m -f '{{.Dir}}' "$module")" source
  echo "v$FERRETDB_VERSION" >source/build/version/version.txt
  (cd source && GOWORK=off CGO_ENABLED=0 go build -buildvcs=false -trimpath -o ../ferretdb ./cmd/ferretdb)
  rm -rf source
  ./ferretdb --version
  mv "$work" "$FERRETDB_HOME"
}

ferretdb_configure() { mkdir -p "$(data_of ferretdb)/sqlite"; }

# It reports nothing to anybody, and its debug listener, whose port would not be ours, is off.
ferretdb_command() {
  command=("$FERRETDB_HOME/ferretdb" --handler=sqlite "--sqlite-url=file:$(data_of ferretdb)/sqlite/"
    "--listen-addr=127.0.0.1:$FERRETDB_PORT" "--state-dir=$(data_of ferretdb)" --telemetry=disable --debug-addr=-
    --log-level=warn)
}

# OP_MSG {ping: 1, $db: "admin"}; any OP_MSG that replies to our request 1 will do. All 38 bytes of {ok: 1} are read, for
# otherwise FerretDB logs a broken connection.
ferretdb_answers() {
  local header='\x33\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0' flags='\0\0\0\0\0'
  # shellcheck disable=SC2016
  local body='\x1e\0\0\0\x10ping\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0'
  [[ $(ask "$FERRETDB_PORT" "$header$flags$body" 38) =~ ^.{16}01000000dd070000 ]]
}
