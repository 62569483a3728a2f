"""The exception family of the nlu package."""


class NluError(Exception):
    """Something about understanding went wrong; the message says what, where and what to do."""


class CorpusError(NluError):
    """A mistake in a corpus file: names file, line and cure."""


class ModelFileError(NluError):
    """A model file is missing or is not what its manifest says."""


class DataError(NluError):
    """A data set given by path cannot be used; the message says what to give instead."""


class DocumentError(NluError):
    """A mistake in the bank's documents: names file, line and cure."""
