#!/bin/sh
# Fetches the files of lib/ from npm. It replaces them only if each has its checksum in
# checksums.txt. It needs npm, tar and sha256sum.
#
# For a new version: change the version below, run with --update to write new checksums, check the
# page in a browser, and update lib/NOTICE.md.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/lib"

# take <package> <version> <file in the package> <name in lib/>
take() {
	tgz="$work/$1-$2.tgz"
	[ -f "$tgz" ] || npm pack --silent --pack-destination "$work" "$1@$2" >/dev/null
	tar -xzOf "$tgz" "package/$3" >"$work/lib/$4"
}

take graphiql 4.1.2 graphiql.min.js graphiql.min.js
take graphiql 4.1.2 graphiql.min.css graphiql.min.css
take graphiql 4.1.2 LICENSE LICENSE.graphiql
take react 18.2.0 umd/react.production.min.js react.production.min.js
take react 18.2.0 LICENSE LICENSE.react
take react-dom 18.2.0 umd/react-dom.production.min.js react-dom.production.min.js
take react-dom 18.2.0 LICENSE LICENSE.react-dom

cd "$work"
if [ "${1:-}" = --update ]; then
	sha256sum lib/* >"$here/checksums.txt"
fi
sha256sum --check --quiet --strict "$here/checksums.txt"
mkdir -p "$here/lib"
cp lib/* "$here/lib/"
