# Roots with Debian's editions of Swift, for the scripts beside that run Swift on Linux. To be sourced, in ios/.
#
# Debian 12 has no Swift. What runs Swift runs in roots of their own, made once: SWIFT_ROOT, by default
# /var/cache/swift-trixie (Debian 13; 510 MB to download, 2.6 GB on disk), and SWIFT_NEWER_ROOT, by default
# /var/cache/swift-sid (Debian sid, as testing has no Swift; 590 MB, 3.2 GB).
older=${SWIFT_ROOT:-/var/cache/swift-trixie}
newer=${SWIFT_NEWER_ROOT:-/var/cache/swift-sid}
packages=swiftlang,libc6-dev,libstdc++-14-dev,ca-certificates
passed=0 failed=0

has() { command -v "$1" >/dev/null 2>&1; }
skip() {
  echo "skipped: swift: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}
pass() { echo "ok: $1"; passed=$((passed + 1)); }
fail() { echo "FAILED: $1"; failed=$((failed + 1)); }

install_swift() { # root, Debian's suite
  local root=$1 suite=$2 mirror=()
  [ "$(cat "$root/.ready" 2>/dev/null)" = "$packages" ] && return
  [ "$(id -u)" = 0 ] || skip "making the Swift root needs root"
  if ! has mmdebstrap; then
    has apt-get || skip "mmdebstrap is not installed"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      mmdebstrap debian-archive-keyring >/dev/null || skip "mmdebstrap cannot be installed"
  fi
  echo "making the Swift root in $root from Debian's $suite"
  rm -rf --one-file-system "$root"
  # The machine's own Debian mirror, or mmdebstrap's.
  if grep -q '^ID=debian$' /etc/os-release; then
    mapfile -t mirror < <(apt-get indextargets --format '$(REPO_URI)' | grep -v security | sort -u | head -n 1)
  fi
  mmdebstrap --quiet --variant=minbase --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='Acquire::Retries "3"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    "$suite" "$root" "${mirror[@]}" || skip "the Swift root $root cannot be made here"
  echo "$packages" >"$root/.ready"
}

# Runs a command in a root, in ios/ of this repository, with a clean environment. The mounts end with the command.
#
# Debian's Swift crashes once in a while, the tool that was called or one below it, and is tried again then. What fails for
# another reason is not, nor are programs that Swift has built.
in_root() { # root, command
  local output status attempt
  output=$(mktemp)
  for attempt in 1 2 3; do
    status=0
    : >"$output"
    # What it says goes where it belongs, and to the file.
    (set -o pipefail; { enter "$@" 2>&1 >&3 | tee -a "$output" >&2; } 3>&1 | tee -a "$output") || status=$?
    [[ " $* " =~ " swift"c?" " ]] && has_crashed "$status" "$output" || break
    [ "$attempt" = 3 ] || echo "Swift has crashed: once more" >&2
  done
  rm -f "$output"
  return "$status"
}

has_crashed() { # status, file with what it said
  case $1 in
    0) return 1 ;;
    132 | 133 | 134 | 135 | 139) return 0 ;; # by SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGSEGV
    *) grep -qE 'due to signal|Stack dump' "$2" ;;
  esac
}

enter() { # root, command
  local root=$1
  shift
  unshare --mount bash -euc '
    mount --bind "$2" "$1/jetbridge"
    mount -t proc proc "$1/proc"
    root=$1
    shift 2
    exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 \
      sh -c "cd /jetbridge/ios && exec \"\$@\"" sh "$@"
  ' _ "$root" "$(realpath ..)" "$@"
}
