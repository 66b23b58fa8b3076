#!/bin/sh
# Joins the classes of a module's AARs into its own class folder; their resources and manifests stay for aapt2.
# usage: unpack-aars.sh <Maven's build folder of the module>
set -eu
mkdir -p "$1/classes" "$1/unpacked"
for aar in "$1"/aars/*.aar; do
  dir=$1/unpacked/$(basename "$aar" .aar)
  [ -d "$dir" ] && continue
  mkdir -p "$dir"
  unzip -qo "$aar" -d "$dir"
  [ -f "$dir/classes.jar" ] && unzip -qo "$dir/classes.jar" -d "$1/classes"
  for jar in "$dir"/libs/*.jar; do
    [ -f "$jar" ] && unzip -qo "$jar" -d "$1/classes"
  done
done
exit 0
