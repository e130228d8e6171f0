#!/usr/bin/env bash
# Puts mfa-gate on the runner: the release that the action's own ref names, or the one that was
# asked for, or one built from the action's own checkout. A download is checked before it is
# unpacked, and what cannot be checked is refused. Prints where it is to the output `binary`.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/common.sh"

exe=mfa-gate
[ "$RUNNER_OS" != Windows ] || exe=mfa-gate.exe
folder=$(mktemp -d "$RUNNER_TEMP/mfa-gate.XXXXXX")

case $SHA256 in
  none) ;;
  # An expression whose variable is missing: the archive would not be pinned.
  '') fail 2 "sha256 is empty: set it to the SHA-256 that the archive must have, or to none" ;;
  *) [[ $SHA256 =~ ^[0-9A-Fa-f]{64}$ ]] || fail 2 "sha256 must be 64 hexadecimal digits, or none" ;;
esac

case $BUILD_FROM_SOURCE in
  true)
    [ "$SHA256" = none ] ||
      fail 2 "sha256 is about the archive of a release, and build-from-source uses none: omit one of them"
    command -v cargo >/dev/null || fail 2 "build-from-source needs cargo on the runner"
    # From there, so that no configuration of the caller's checkout is read.
    cd "$GITHUB_ACTION_PATH"
    cargo build --release --locked --target-dir "$folder/target" >&2 ||
      fail 3 "mfa-gate could not be built from source"
    output binary "$folder/target/release/$exe"
    exit 0
    ;;
  false) ;;
  *) fail 2 "build-from-source must be true or false" ;;
esac

number='^v?([0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?)$'
wanted=${VERSION:-$ACTION_REF}
[[ $wanted =~ $number ]] ||
  if [ -n "$VERSION" ]; then
    fail 2 "version must be that of a release, such as 1.2.3"
  else
    # A branch or a commit says nothing about the release that it belongs to.
    fail 2 "the action is not used by the tag of a release: set version, such as 1.2.3, or build-from-source"
  fi
version=${BASH_REMATCH[1]}

repository=${ACTION_REPOSITORY:-mfa-gate/mfa-gate}
[[ $repository =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || fail 2 "the action's repository has no usable name"

# Only the loopback address may speak plain http: that is where tests play the release page. The
# runner sets the variable, and lets no workflow set it.
loopback='^http://(127\.0\.0\.1|\[::1\]):[0-9]+$'
protocol='=https'
if [[ $GITHUB_SERVER_URL =~ $loopback ]]; then
  protocol='=http'
elif [[ $GITHUB_SERVER_URL != https://* ]]; then
  fail 2 "the address of GitHub is not an https one"
fi

case $RUNNER_OS-$RUNNER_ARCH in
  Linux-X64) target=x86_64-unknown-linux-musl ;;
  Linux-ARM64) target=aarch64-unknown-linux-musl ;;
  macOS-X64) target=x86_64-apple-darwin ;;
  macOS-ARM64) target=aarch64-apple-darwin ;;
  Windows-X64) target=x86_64-pc-windows-msvc ;;
  *) fail 2 "there is no release for $RUNNER_OS on $RUNNER_ARCH: set build-from-source" ;;
esac

name=mfa-gate-$version-$target
page=$GITHUB_SERVER_URL/$repository/releases/download/v$version
# Everything by its short name from here: to tar, `D:` would be another machine.
cd "$folder"

# Downloads a file of the release. Arguments: its name and the most bytes that it may have.
download() {
  local status
  status=$(curl --disable --silent --show-error --location --proto "$protocol" --proto-redir "$protocol" \
    --connect-timeout 20 --max-time 300 --max-filesize "$2" --retry 3 \
    --output "$1" --write-out '%{http_code}' "$page/$1") ||
    fail 3 "$page/$1 could not be downloaded"
  [ "$status" = 200 ] ||
    fail 3 "$page/$1 could not be downloaded: status $status; is $version a release of $repository?"
}

digest() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi <"$1" | cut -c 1-64
}

if [ "$SHA256" != none ]; then
  expected=$(printf %s "$SHA256" | tr A-F a-f)
else
  download SHA256SUMS 1000000
  expected=$(awk -v name="$name.tar.gz" '$2 == name || $2 == "*" name { print $1 }' SHA256SUMS)
  [[ $expected =~ ^[0-9a-f]{64}$ ]] ||
    fail 3 "SHA256SUMS of $version does not say once what $name.tar.gz must be: it is not used"
fi
download "$name.tar.gz" 100000000
got=$(digest "$name.tar.gz")
[ "$got" = "$expected" ] ||
  fail 3 "$name.tar.gz is not what it must be: its SHA-256 is $got and not $expected; it was not unpacked"

# Checksums lie beside the archive; the attestation says which workflow built it, from which tag.
# A pinned digest says more than either. The token is GitHub's own and goes to no other server.
if [ "$SHA256" = none ] && [ -n "$GH_TOKEN" ] &&
  { [ "$GITHUB_SERVER_URL" = https://github.com ] || [ "$protocol" = '=http' ]; } &&
  help=$(gh attestation verify --help 2>/dev/null) && [[ $help == *--source-ref* ]]; then
  gh attestation verify "$name.tar.gz" --repo "$repository" --source-ref "refs/tags/v$version" \
    --signer-workflow "$repository/.github/workflows/release.yml" --deny-self-hosted-runners >&2 ||
    fail 3 "the attestation of $name.tar.gz was not found good; it was not unpacked"
else
  echo "the attestation was not asked for: the digest is pinned, or gh, its token or github.com is not at hand" >&2
fi

tar -xzf "$name.tar.gz" "$name/$exe"
said=$("./$name/$exe" --version)
[ "$said" = "mfa-gate $version" ] || fail 3 "the archive of $version holds $said"
output binary "$folder/$name/$exe"
