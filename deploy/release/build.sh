#!/bin/sh
# Builds a release so that the same source gives the same bytes in any directory: docs/releasing.md.
#
#   deploy/release/build.sh             the binary is target/release/slx; prints its SHA-256
set -eu
cd "$(dirname "$0")/../.."
place=$(pwd -P)
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)

# Where the source and the crates lie shows in the paths that panics tell, and in nothing else.
RUSTFLAGS="--remap-path-prefix=$place=/slx --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$sysroot=/rust"
CFLAGS="-ffile-prefix-map=$place=/slx -ffile-prefix-map=$cargo_home=/cargo"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
CARGO_INCREMENTAL=0
LC_ALL=C
TZ=UTC
export RUSTFLAGS CFLAGS SOURCE_DATE_EPOCH CARGO_INCREMENTAL LC_ALL TZ

cargo build --release --locked
rustc --version --verbose
sha256sum target/release/slx
