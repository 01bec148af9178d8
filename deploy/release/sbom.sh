#!/bin/sh
# Writes the bill of materials of a release, CycloneDX 1.5 in JSON: every crate that the binary is built from, with
# version, licence and checksum, as Cargo.lock fixes them.
#
#   deploy/release/sbom.sh [FILE]       FILE: target/slx.cdx.json
set -eu
cd "$(dirname "$0")/../.."
CYCLONEDX_VERSION=0.5.9
file=${1:-target/slx.cdx.json}
tool=target/tools/bin/cargo-cyclonedx
if ! [ -x "$tool" ]; then
  # Unoptimised it is built sooner, and runs for a second.
  CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --root target/tools "cargo-cyclonedx@$CYCLONEDX_VERSION"
fi
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
# It writes beside the manifest, whatever it is told.
"$tool" cyclonedx --format json --spec-version 1.5 --target x86_64-unknown-linux-gnu --no-build-deps \
  --override-filename .slx.cdx --quiet
# Where it was made is nobody's concern.
sed "s|path+file://$(pwd -P)|path+file:///slx|g" .slx.cdx.json >"$file"
rm .slx.cdx.json
echo "$file"
