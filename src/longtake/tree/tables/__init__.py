"""Tables: rows of named columns, and conditions on them."""
