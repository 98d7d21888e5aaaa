#!/usr/bin/env bash
# The unit suite on each Node.js that users have. The others than the one that runs this come from the npm registry: their packages
# hold a binary and no install script. `npm run check:nodes -- 22` is for one of them.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ecom-nodes
package="node-$(node -p 'process.platform')-$(node -p 'process.arch')"
npm run --silent build

failed=0
[ $# -gt 0 ] || set -- 20 22 24
for major in "$@"; do
  if [ "$(node -p 'process.versions.node.split(".")[0]')" = "$major" ]; then
    bin=$(dirname "$(node -p 'process.execPath')")
  else
    npm install --silent --no-audit --no-fund --prefix "$cache/$major" "$package@$major"
    bin=$cache/$major/node_modules/$package/bin
  fi
  echo "== Node.js $("$bin/node" --version)"
  PATH=$bin:$PATH "$bin/node" node_modules/vitest/vitest.mjs run --project unit || failed=1
done
exit $failed
