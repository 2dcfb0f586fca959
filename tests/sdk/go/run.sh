# oapi-codegen, under go vet. TICKBOX_CONTRACT, _URL, _EMAIL and _PASSWORD are given.
set -euo pipefail
mkdir client
go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml "$TICKBOX_CONTRACT"
go mod tidy
go vet ./...
go run .
