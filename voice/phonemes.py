"""Phonemes of words, from espeak-ng inside this process.

Coqui starts an espeak program for every sentence (13 to 45 ms); the same library called directly
takes well under a millisecond and gives the same phonemes. espeak-ng is GPL-3: it is loaded at run
time from the package that carries it, nothing of it is copied here, and this file is the only one
that knows it.
"""

import ctypes
import re
import threading
from functools import lru_cache
from typing import Any

from voice.errors import VoiceError

PUNCTUATION = ';:,.!?¡¿—…"«»“”'
"""What Coqui keeps as it stands between the phonemes (TTS/tts/utils/text/punctuation.py)."""

_PIECES = re.compile(rf"((?:\s*[{re.escape(PUNCTUATION)}]+\s*)+)")
_LANGUAGE_FLAG = re.compile(r"\(.+?\)")  # espeak marks words that it takes for another language
_RETRIEVAL, _UTF8, _IPA, _OK = 1, 1, 0x02, 0  # espeak-ng's speak_lib.h


class Phonemiser:
    """Writes words as IPA in one espeak-ng language; safe to share between threads.

    espeak keeps one voice and one buffer per process, so all phonemisers share a lock.
    """

    _lock = threading.Lock()
    _voice = ""

    def __init__(self, language: str) -> None:
        """Load the library and check the language.

        Args:
            language: An espeak-ng voice, such as "en-us".

        Raises:
            VoiceError: espeak-ng cannot be loaded or does not know the language.
        """
        self.language = {"en": "en-us", "zh-cn": "cmn"}.get(language, language)
        self._espeak = _library()
        with Phonemiser._lock:
            self._select()

    def phonemes(self, words: str) -> str:
        """IPA of `words`, its punctuation kept where it was.

        Punctuation alone, or nothing, comes back as it is.
        """
        pieces = _PIECES.split(words.strip())
        with Phonemiser._lock:
            self._select()
            pieces[::2] = [self._clauses(piece) if piece.strip() else "" for piece in pieces[::2]]
        return "".join(pieces)

    def _select(self) -> None:
        """Make this language the library's voice; the lock is held."""
        if Phonemiser._voice == self.language:
            return
        if self._espeak.espeak_SetVoiceByName(self.language.encode()) != _OK:
            raise VoiceError(
                f"espeak-ng has no voice {self.language!r}: set the voice's phoneme_language to one"
                " of espeak's languages"
            )
        Phonemiser._voice = self.language

    def _clauses(self, words: str) -> str:
        """IPA of words without punctuation; espeak hands it over clause by clause."""
        text = ctypes.c_char_p(words.replace("\0", " ").encode())
        clauses = []
        while text.value is not None:
            ipa = self._espeak.espeak_TextToPhonemes(ctypes.byref(text), _UTF8, _IPA)
            clauses.append(_LANGUAGE_FLAG.sub("", (ipa or b"").decode()).strip())
        return " ".join(clause for clause in clauses if clause)


@lru_cache(maxsize=1)
def _library() -> Any:
    try:
        import espeakng_loader

        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
    except (ImportError, OSError, RuntimeError) as error:
        raise VoiceError(
            f"cannot load espeak-ng ({error}): pip install espeakng-loader==0.2.4"
        ) from error
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.c_int,
        ctypes.c_int,
    ]
    if library.espeak_Initialize(_RETRIEVAL, 0, data, 0) < 0:
        raise VoiceError(f"espeak-ng cannot read its data in {data.decode()}: install it again")
    return library
