# @hey-api/openapi-ts, under tsc --strict. TICKBOX_CONTRACT, _URL, _EMAIL and _PASSWORD are given.
set -euo pipefail
npm install --no-audit --no-fund --no-update-notifier --silent
npx --no-install openapi-ts -i "$TICKBOX_CONTRACT" -o client -c @hey-api/client-fetch --no-log-file --silent
npx --no-install tsc
node built/scenario.js
