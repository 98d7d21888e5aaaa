# shellcheck shell=bash
# Kafka: one node that is broker and controller, with a plain listener, and one each for SASL, TLS, and both.
# Sourced by ../services.sh.

# These ports, and those of the other servers, are below 32768: Linux hands out the ones above for outgoing connections, so a
# client that retries against a stopped server could take the server's port, or even connect to itself.
readonly KAFKA_PORT=${ECOM_KAFKA_PORT:-21092} KAFKA_SASL_PORT=${ECOM_KAFKA_SASL_PORT:-21093}
readonly KAFKA_SSL_PORT=${ECOM_KAFKA_SSL_PORT:-21094} KAFKA_SASL_SSL_PORT=${ECOM_KAFKA_SASL_SSL_PORT:-21095}
readonly KAFKA_CONTROLLER_PORT=${ECOM_KAFKA_CONTROLLER_PORT:-21096}
readonly KAFKA_VERSION=${ECOM_KAFKA_VERSION:-4.2.1} LOG4J_VERSION=2.25.4
readonly KAFKA_JARS=$ROOT/kafka-$KAFKA_VERSION
readonly KAFKA_USER=ecom KAFKA_PASSWORD=${ECOM_SERVICES_PASSWORD:-ecom-test-only}
readonly TLS=$ROOT/tls TLS_STORE_PASSWORD=ecom-test-only

kafka_version() { echo "$KAFKA_VERSION"; }
kafka_url() { echo "kafka://127.0.0.1:$KAFKA_PORT"; }
kafka_ports() { echo "$KAFKA_PORT $KAFKA_SASL_PORT $KAFKA_SSL_PORT $KAFKA_SASL_SSL_PORT $KAFKA_CONTROLLER_PORT"; }

kafka_env() {
  local login=$KAFKA_USER:$KAFKA_PASSWORD
  echo "export ECOM_TEST_KAFKA_URL=kafka://127.0.0.1:$KAFKA_PORT"
  echo "export ECOM_TEST_KAFKA_SASL_URL=kafka://$login@127.0.0.1:$KAFKA_SASL_PORT"
  echo "export ECOM_TEST_KAFKA_SSL_URL=kafkas://127.0.0.1:$KAFKA_SSL_PORT"
  echo "export ECOM_TEST_KAFKA_SASL_SSL_URL=kafkas://$login@127.0.0.1:$KAFKA_SASL_SSL_PORT"
  printf 'export ECOM_TEST_KAFKA_CA=%q\n' "$TLS/ca.pem"
}

kafka_install() {
  [ -d "$KAFKA_JARS" ] || step kafka "fetching Kafka $KAFKA_VERSION" kafka_fetch
}

kafka_fetch() {
  local work=$KAFKA_JARS.part
  require java 'a Java 17 runtime (openjdk-17-jre-headless)'
  require mvn 'Maven (maven)'
  rm -rf "$work"
  mkdir -p "$work"
  # Kafka's jar brings no logger: without the second dependency a broker that fails says nothing.
  cat >"$work/pom.xml" <<EOF
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ecom</groupId><artifactId>kafka-runtime</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$KAFKA_VERSION</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>$LOG4J_VERSION</version>
    </dependency>
  </dependencies>
</project>
EOF
  mvn -B -q -f "$work/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$work"
  mv "$work" "$KAFKA_JARS"
}

# Its own CA, so the certificate is what a client has to trust. keytool reads the password from the environment.
kafka_tls() {
  local keytool=(keytool -alias kafka -keystore "$TLS/kafka.p12" -storepass:env TLS_STORE_PASSWORD)
  [ ! -f "$TLS/ca.pem" ] || return 0
  rm -rf "$TLS"
  mkdir -p "$TLS"
  export TLS_STORE_PASSWORD
  "${keytool[@]}" -genkeypair -keyalg EC -groupname secp256r1 -validity 3650 -dname CN=localhost \
    -ext san=ip:127.0.0.1,dns:localhost -ext bc:c -storetype PKCS12
  "${keytool[@]}" -exportcert -rfc -file "$TLS/ca.pem.part"
  mv "$TLS/ca.pem.part" "$TLS/ca.pem"
}

# Sized for two cores and little memory; every replication factor is 1, for there is one node. The short broker session is for
# a broker that was killed: until the old session ends, the controller refuses the new one.
kafka_properties() {
  local listener mechanism package=org.apache.kafka.common.security
  cat <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$KAFKA_CONTROLLER_PORT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:$KAFKA_PORT,SASL_PLAINTEXT://127.0.0.1:$KAFKA_SASL_PORT,SSL://127.0.0.1:$KAFKA_SSL_PORT,\
SASL_SSL://127.0.0.1:$KAFKA_SASL_SSL_PORT,CONTROLLER://127.0.0.1:$KAFKA_CONTROLLER_PORT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PKCS12
ssl.keystore.location=$TLS/kafka.p12
ssl.keystore.password=$TLS_STORE_PASSWORD
ssl.key.password=$TLS_STORE_PASSWORD
log.dirs=$(data_of kafka)/log
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
metadata.max.idle.interval.ms=5000
log.cleaner.dedupe.buffer.size=16777216
EOF
  for listener in sasl_plaintext sasl_ssl; do
    echo "listener.name.$listener.plain.sasl.jaas.config=$package.plain.PlainLoginModule required" \
      "user_$KAFKA_USER=\"$KAFKA_PASSWORD\";"
    for mechanism in scram-sha-256 scram-sha-512; do
      echo "listener.name.$listener.$mechanism.sasl.jaas.config=$package.scram.ScramLoginModule required;"
    done
  done
}

kafka_java() {
  local data
  data=$(data_of kafka)
  # Its compression libraries unpack themselves into the temporary folder, from which they must be allowed to run.
  command=(java "-Xmx$1" -XX:+ExitOnOutOfMemoryError "-Djava.io.tmpdir=$data/tmp"
    "-Dlog4j2.configurationFile=$data/log4j2.xml" -cp "$KAFKA_JARS/*" "${@:2}")
}

kafka_configure() {
  local data command
  data=$(data_of kafka)
  require java 'a Java 17 runtime (openjdk-17-jre-headless)'
  mkdir -p "$data/tmp"
  kafka_tls
  umask 077
  kafka_properties >"$data/server.properties"
  cat >"$data/log4j2.xml" <<'EOF'
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %m (%c{1})%n"/></Console></Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
EOF
  [ ! -f "$data/log/meta.properties" ] || return 0
  # StorageTool reads its arguments from a file, so that no process list shows the password.
  printf '%s\n' format --cluster-id ZWNvbS1zZXJ2aWNlcy0wMQ --config "$data/server.properties" \
    --add-scram "SCRAM-SHA-256=[name=$KAFKA_USER,password=$KAFKA_PASSWORD]" \
    --add-scram "SCRAM-SHA-512=[name=$KAFKA_USER,password=$KAFKA_PASSWORD]" >"$data/format.arguments"
  kafka_java 256m kafka.tools.StorageTool "@$data/format.arguments"
  "${command[@]}"
}

kafka_command() { kafka_java 512m kafka.Kafka "$(data_of kafka)/server.properties"; }

# Asks for the metadata of all topics. The count of brokers, the 4 bytes from 8, is 0 until the controller lets the broker in.
kafka_answers() {
  [[ $(ask "$KAFKA_PORT" '\0\0\0\x0e\0\x03\0\0\0\0\0\x01\xff\xff\0\0\0\0' 12) =~ ^.{8}0000000100000001$ ]]
}
