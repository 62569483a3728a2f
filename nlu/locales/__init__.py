"""What differs between languages, as data: one folder of YAML files for each."""
