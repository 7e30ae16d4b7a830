"""The HTTP interface `/api/v1`: schema in, one service or query, schema out."""
