#!/bin/bash
# Everything of Android that can be tested on Linux, from a clean clone on: `cargo xtask test kotlin` calls it.
# Generates the bindings from a library with the local stack in it, compiles the app's and the library's sources with
# Maven, runs their tests, tries the Gradle scripts, dexes the app and the artifacts as a release is dexed, checks the style, and prints how many tests ran. Fails when
# one fails, and when bindings and library disagree. `--update` writes the artifacts' public API down anew (api/kotlin*.txt).
set -euo pipefail
cd "$(dirname "$0")"
skipped_modules=()
update=false
[ "${1:-}" = --update ] && update=true
# The JVM's second compiler costs more than it wins while Maven runs.
export MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseParallelGC ${MAVEN_OPTS:-}"

has() { command -v "$1" >/dev/null 2>&1; }

install_tools() {
  local missing=()
  has mvn || missing+=(maven)
  has javac || missing+=(openjdk-17-jdk-headless)
  has aapt2 || missing+=(aapt)
  has unzip || missing+=(unzip)
  has python3 || missing+=(python3)
  has dexdump || missing+=(dexdump)
  [ ${#missing[@]} -eq 0 ] && return
  if has apt-get && [ "$(id -u)" = 0 ]; then
    echo "installing ${missing[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "please install: ${missing[*]}" >&2
    exit 1
  fi
}

# Runs Maven; without the network first, since everything is there after the first time.
maven() { mvn --offline -q -B "$@" >build/maven.log 2>&1 || mvn -q -B "$@" 2>&1 | tee build/maven.log; }

fetch_ktlint() {
  mvn -q -B -f maven/lint/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath \
    -Dmdep.outputFile="$PWD/build/ktlint.classpath" >/dev/null
}

lint() {
  java -cp "$(cat build/ktlint.classpath)" com.pinterest.ktlint.Main --log-level=error \
    '**/src/**/*.kt' 'testing/**/*.kt' '**/*.gradle.kts' '!**/build/**' && echo "ktlint: nothing to say"
}

install_tools
mkdir -p build
./bindings.sh

modules=bindings,jetbridge,jetbridge-testing,jetbridge-okhttp,jetbridge-aws,app
if ! maven package -pl maven/androidx,maven/androidx-test; then
  skipped_modules+=("jetbridge and app: androidx does not resolve here")
  modules=bindings
fi
if maven compile -pl maven/gradle-check; then
  modules+=,maven/gradle-check
else
  grep -q "Could not find artifact\|Could not transfer" build/maven.log || exit 1
  skipped_modules+=("gradle-check: the API of the Android Gradle plugin does not resolve here")
fi

dexes=false
if [[ $modules == *app* ]]; then
  if maven compile -pl maven/dex; then
    dexes=true
  else
    grep -q "Could not find artifact\|Could not transfer" build/maven.log || exit 1
    skipped_modules+=("dex: R8 or the JNA of phones does not resolve here")
  fi
fi

if maven test-compile -pl maven/merger; then
  modules+=,maven/merger
else
  grep -q "Could not find artifact\|Could not transfer" build/maven.log || exit 1
  skipped_modules+=("merger: Google's manifest merger does not resolve here")
fi

# The compiler does not remove what a deleted source left behind: its tests would go on.
rm -rf {bindings,jetbridge,jetbridge-testing,jetbridge-okhttp,jetbridge-aws,app,maven/gradle-check,maven/merger}/build/maven/{surefire-reports,classes,test-classes}
status=0
fetch_ktlint || status=1
# Beside the tests, which wait more than they work: it needs nothing of them.
lint >build/lint.log 2>&1 &
linting=$!
# A failed test must not keep the modules behind it from being tested: the reports are counted below.
mvn -q -B -fae -Dmaven.test.failure.ignore=true -Djetbridge.update="$update" test -pl "$modules" -am || status=1
for module in ${modules//,/ }; do
  if ! compgen -G "$module/build/maven/surefire-reports/TEST-*.xml" >/dev/null; then
    echo "failed: $module: no test ran"
    status=1
  fi
done
# One test more: what Gradle's R8 would find in a release.
dexed=0 dex_failed=0
if $dexes; then python3 maven/dex/dex.py && dexed=1 || dex_failed=1; fi
wait "$linting" || status=1
cat build/lint.log

python3 - "$status" "$dexed" "$dex_failed" ${skipped_modules[@]+"${skipped_modules[@]}"} <<'PYTHON'
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

skipped = 0
passed, failed = map(int, sys.argv[2:4])
for report in Path().glob("**/build/maven/surefire-reports/TEST-*.xml"):
    suite = ET.parse(report).getroot()
    bad = int(suite.get("failures")) + int(suite.get("errors"))
    failed += bad
    skipped += int(suite.get("skipped"))
    passed += int(suite.get("tests")) - bad - int(suite.get("skipped"))
    for test in suite.iter("testcase"):
        if test.find("failure") is not None or test.find("error") is not None:
            print(f"FAILED: {test.get('classname')}: {test.get('name')}")
for module in sys.argv[4:]:
    skipped += 1
    print(f"skipped: {module}")
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed or sys.argv[1] != "0" else 0)
PYTHON
