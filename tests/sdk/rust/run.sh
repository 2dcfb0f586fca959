# openapi-generator's Rust generator; the scenario with every warning denied. TICKBOX_CONTRACT, _URL, _EMAIL and _PASSWORD
# are given.
set -euo pipefail
GENERATOR=7.14.0
PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
mvn -q -B "$PLUGIN:copy" -Dartifact=org.openapitools:openapi-generator-cli:$GENERATOR -DoutputDirectory=.
java -jar openapi-generator-cli-$GENERATOR.jar generate -g rust -i "$TICKBOX_CONTRACT" -o client \
  --additional-properties=packageName=tickbox > generated.log 2>&1
cargo run -q
