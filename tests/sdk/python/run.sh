# openapi-python-client, under mypy --strict. TICKBOX_CONTRACT, _URL, _EMAIL and _PASSWORD are given.
set -euo pipefail
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check openapi-python-client==0.29.1 mypy==1.18.2 types-python-dateutil
venv/bin/openapi-python-client generate --path "$TICKBOX_CONTRACT" --output-path client --meta none > generated.log 2>&1
venv/bin/mypy --strict scenario.py client
venv/bin/python scenario.py
