"""The exception family of the server package."""


class ServerError(Exception):
    """Something about the process went wrong; the message says what, where and what to do."""


class ModelError(ServerError):
    """A model is missing, damaged or unknown; the message is one line with the cure."""


class SettingsError(ServerError):
    """A setting is wrong; the message names it and what it takes."""
