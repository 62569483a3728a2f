"""`tellerline replay`: recorded calls against the assistant, checked against the bank's books."""
