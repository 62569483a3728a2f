"""One call: its ear, its mouth, and the processor that joins them to the dialog."""
