"""The need behind a complaint or a question."""
