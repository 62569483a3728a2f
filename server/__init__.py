"""The process: channels, the call pipeline, settings, models, replay and the command line."""
