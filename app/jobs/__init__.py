"""Jobs: what runs beside requests, in `tickbox serve` or in `tickbox worker`."""
