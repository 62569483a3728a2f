"""Fixed phrases are kept, but not without end."""

from pathlib import Path

import numpy as np
import pytest

from voice.phrase_cache import PhraseCache, PhraseKey


def key(words: str, seed: int = 0, speed: float = 1.0) -> PhraseKey:
    return PhraseKey("voice", seed, speed, words)


def test_a_phrase_comes_back_for_the_same_settings_only() -> None:
    cache = PhraseCache(100)
    cache.put(key("hello"), np.arange(10, dtype=np.int16))
    np.testing.assert_array_equal(cache.get(key("hello")), np.arange(10))
    assert cache.get(key("hello", seed=1)) is None
    assert cache.get(key("hello", speed=1.2)) is None


def test_the_oldest_go_when_it_is_full_and_too_large_a_one_is_not_kept() -> None:
    cache = PhraseCache(100)
    for name in ("one", "two", "three"):
        cache.put(key(name), np.ones(40, np.int16))
    assert cache.get(key("one")) is None
    assert cache.get(key("two")) is not None
    cache.put(key("huge"), np.ones(101, np.int16))
    assert cache.get(key("huge")) is None
    assert len(cache) == 2
    cache.put(key("two"), np.ones(60, np.int16))  # the same phrase again takes its own room
    assert len(cache) == 2


def test_what_is_used_stays_and_a_full_cache_says_so() -> None:
    cache = PhraseCache(100)
    for name in ("one", "two"):
        assert not cache.full
        cache.put(key(name), np.ones(49, np.int16))
    assert not cache.full
    cache.get(key("one"))
    cache.put(key("three"), np.ones(51, np.int16))
    assert cache.get(key("one")) is not None
    assert cache.get(key("two")) is None
    assert cache.full


def test_what_is_kept_cannot_be_changed_by_who_gets_it() -> None:
    cache, samples = PhraseCache(100), np.ones(10, np.int16)
    cache.put(key("hello"), samples)
    samples[:] = 5
    kept = cache.get(key("hello"))
    assert kept[0] == 1
    with pytest.raises(ValueError):
        kept[0] = 7


def test_phrases_outlive_a_restart(tmp_path: Path) -> None:
    file, before, after = tmp_path / "new" / "phrases.npz", PhraseCache(100), PhraseCache(100)
    before.put(key("What else, please?"), np.arange(9, dtype=np.int16))
    before.save(file)
    after.load(file)
    np.testing.assert_array_equal(after.get(key("What else, please?")), np.arange(9))
    file.unlink()
    after.save(file)  # nothing new
    assert not file.exists()


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 damaged", b"nonsense"])
def test_a_missing_or_damaged_file_gives_nothing(tmp_path: Path, content: bytes | None) -> None:
    file, cache = tmp_path / "phrases.npz", PhraseCache(100)
    if content is not None:
        file.write_bytes(content)
    cache.load(file)
    assert len(cache) == 0
