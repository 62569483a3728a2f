"""The exception family of the voice package."""


class VoiceError(Exception):
    """Something about sound went wrong; the message says what, where and what to do."""


class AudioFormatError(VoiceError):
    """Audio that cannot be read: empty, not audio, or of a rate or encoding we do not take."""


class ModelFileError(VoiceError):
    """A model file is missing or is not what its manifest says."""
