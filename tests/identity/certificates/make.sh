#!/usr/bin/env bash
# Makes the certificates and keys of the tests anew, valid for a hundred years. They guard nothing.
set -euo pipefail
cd "$(dirname "$0")"
key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }
authority() {
  key "$1"
  openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 36500 -out "$1.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}
# NAME AUTHORITY ALTERNATIVE_NAMES
leaf() {
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$1" |
    openssl x509 -req -CA "$2.pem" -CAkey "$2.key" -days 36500 -out "$1.pem" \
      -extfile <(echo "subjectAltName=$3") 2>/dev/null
}
authority authority
authority stranger
leaf server authority DNS:localhost,IP:127.0.0.1
leaf renewed stranger DNS:localhost,IP:127.0.0.1
leaf client authority URI:spiffe://slx.test/backend,DNS:backend.slx.test
leaf intruder stranger URI:spiffe://slx.test/backend
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -outform DER -out rsa.der
# Nobody signs more with these: run this again instead.
rm authority.key stranger.key
