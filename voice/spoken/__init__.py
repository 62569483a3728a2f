"""Written text to words, one kind of thing a file; what is a language's own lies in its YAML."""
