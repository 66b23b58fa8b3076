#!/bin/sh
# Stands in for a C compiler and an archiver where Rust code is only type-checked: ring's build script asks for C objects,
# but `cargo check` never links them. It makes every output it is asked for, empty.
case " $* " in
  *" -E "*) echo '#define __clang__ 1'; echo clang; exit 0 ;;
  *" --version "* | *" -v "*) echo 'clang version 19.0.0'; exit 0 ;;
esac
output=
while [ $# -gt 0 ]; do
  case "$1" in
    -o) output=$2; shift ;;
    *.a) output=$1 ;;
  esac
  shift
done
if [ -n "$output" ]; then : > "$output"; fi
