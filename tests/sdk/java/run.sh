# openapi-generator's Java generator; the scenario under -Xlint:all -Werror. TICKBOX_CONTRACT, _URL, _EMAIL and _PASSWORD
# are given.
set -euo pipefail
GENERATOR=7.14.0
PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
mvn -q -B "$PLUGIN:copy" -Dartifact=org.openapitools:openapi-generator-cli:$GENERATOR -DoutputDirectory=.
java -jar openapi-generator-cli-$GENERATOR.jar generate -g java --library native -i "$TICKBOX_CONTRACT" -o client \
  --additional-properties=apiPackage=tickbox.api,modelPackage=tickbox.model,invokerPackage=tickbox > generated.log 2>&1
mvn -q -B -f client/pom.xml compile
mvn -q -B -f client/pom.xml "$PLUGIN:build-classpath" -Dmdep.outputFile="$PWD/classpath"
javac -Xlint:all,-classfile,-processing -Werror -cp "client/target/classes:$(cat classpath)" -d built Scenario.java
java -cp "built:client/target/classes:$(cat classpath)" Scenario
