"""The voice, streamed: the same sound as the whole sentence, early, level and cancellable."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from voice.clauses import clauses
from voice.errors import ModelFileError, VoiceError
from voice.loudness import speech_level
from voice.phonemes import Phonemiser
from voice.spoken_form import spoken_form
from voice.synthesiser import Synthesiser
from voice.vits_model import load_vits
from voice.vits_stream import VitsStream

REPLY = "Your checking account holds $1,234.56, and $20.00 is on its way. Anything else?"


@pytest.fixture(scope="module")
def voice(voice_dir: Path) -> Synthesiser:
    return Synthesiser(voice_dir, device="cpu", threads=1)


@pytest.fixture(scope="module")
def vits(voice_dir: Path) -> tuple:
    model, language = load_vits(voice_dir, torch.device("cpu"))
    return model, VitsStream(model), Phonemiser(language)


@pytest.fixture(scope="module")
def other_voice(voice_dir: Path) -> Synthesiser:
    return Synthesiser(voice_dir, device="cpu", threads=1, seed=7)


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    "words",
    ["Yes.", "Your balance is two hundred dollars.", spoken_form(REPLY)],
    ids=["one word", "one window or two", "many windows"],
)
def test_windows_equal_the_whole_sentence(vits: tuple, words: str) -> None:
    model, stream, phonemiser = vits
    prior = stream.prior(model.tokenizer.text_to_ids(phonemiser.phonemes(words)), generator())
    windows = np.concatenate(list(stream.windows(prior)))
    whole = stream.whole(prior)
    assert windows.shape == whole.shape == (prior.shape[2] * stream.hop,)
    assert np.abs(whole).max() > 0.1
    assert np.abs(windows - whole).max() < 1e-4


def test_without_noise_the_sound_is_that_of_coquis_own_inference(voice_dir: Path) -> None:
    model, language = load_vits(voice_dir, torch.device("cpu"))
    model.inference_noise_scale = model.inference_noise_scale_dp = 0.0
    stream = VitsStream(model)
    ids = model.tokenizer.text_to_ids(Phonemiser(language).phonemes("Good morning, Maria."))
    with torch.inference_mode():
        coqui = model.inference(torch.tensor([ids]))["model_outputs"][0, 0].numpy()
    ours = np.concatenate(list(stream.windows(stream.prior(ids, generator()))))
    np.testing.assert_allclose(ours, coqui, atol=1e-4)


def test_the_margins_are_as_wide_as_they_must_be(vits: tuple) -> None:
    """A change beyond the margin of a window must not reach it; one within does."""
    model, stream, _ = vits
    torch.manual_seed(0)
    latent = torch.randn(1, model.args.hidden_channels, 60)
    changed = latent.clone()
    reach = stream._decoder_reach
    changed[:, :, 30 + reach] += 1.0
    with torch.inference_mode():
        difference = (model.waveform_decoder(latent) - model.waveform_decoder(changed)).abs()[0, 0]
    assert difference[: 30 * stream.hop].max() < 1e-6
    assert difference[31 * stream.hop :].max() > 1e-3


def test_the_same_text_sounds_the_same_whatever_was_said_before(voice: Synthesiser) -> None:
    alone = voice.whole("It is done.")
    voice.whole("Something else entirely.")
    np.testing.assert_array_equal(voice.whole("It is done."), alone)


def test_another_seed_speaks_otherwise(voice: Synthesiser, other_voice: Synthesiser) -> None:
    ours, theirs = voice.whole("It is done."), other_voice.whole("It is done.")
    assert len(ours) != len(theirs) or not np.array_equal(ours, theirs)


def test_streams_of_several_calls_do_not_mix(voice: Synthesiser) -> None:
    texts = ["It is done.", "Your card is blocked.", "Good morning, James."]
    alone = [voice.whole(text) for text in texts]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(voice.whole, texts))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_speech_is_level_and_never_clips(voice: Synthesiser) -> None:
    levels = []
    for text in (
        REPLY,
        "Good morning. How can I help you?",
        "Your card is blocked.",
    ):
        samples = voice.whole(text)
        assert samples.dtype == np.int16
        assert np.abs(samples.astype(int)).max() <= 0.95 * 32767 + 1
        levels.append(speech_level(samples.astype(np.float32) / 32768, voice.sample_rate))
    assert -22.5 < np.median(levels) < -17.5
    assert max(levels) - min(levels) < 5


def test_sound_begins_at_once_and_pauses_lie_between_sentences(voice: Synthesiser) -> None:
    samples = voice.whole("It is done. Anything else?").astype(float) / 32768
    sounding = np.flatnonzero(np.abs(samples) > 0.01)
    ms = voice.sample_rate / 1000
    assert sounding[0] / ms <= 9  # 4 ms, and the rise of the first sound
    assert 40 <= (len(samples) - sounding[-1]) / ms <= 250
    assert 250 <= np.diff(sounding).max() / ms <= 600


def test_the_first_window_is_short_and_no_window_is_long(voice: Synthesiser) -> None:
    sizes = [len(window) / voice.sample_rate for window in voice.stream(REPLY)]
    assert sizes[0] < 0.25
    assert max(sizes) < 2.5


def test_a_cancelled_stream_ends_before_its_next_window(voice: Synthesiser) -> None:
    heard: list[int] = []
    windows = voice.stream(REPLY, cancelled=lambda: len(heard) >= 2)
    heard.extend(len(window) for window in windows)
    assert len(heard) == 2
    assert list(voice.stream(REPLY, cancelled=lambda: True)) == []


def test_faster_speech_is_shorter(voice: Synthesiser) -> None:
    slow = sum(len(w) for w in voice.stream("Your card is blocked."))
    fast = sum(len(w) for w in voice.stream("Your card is blocked.", speed=1.5))
    assert 0.5 < fast / slow < 0.85


@pytest.mark.parametrize("text", ["", "   ", "...", "😀", "你好，世界", "-", "\n"])
def test_text_without_words_makes_no_sound(voice: Synthesiser, text: str) -> None:
    assert list(voice.stream(text)) == []
    assert voice.whole(text).shape == (0,)


@pytest.mark.parametrize(
    "text", ["Yes 😀, 你好!", "Zürich café", "x" * 50, "a b c d e f g h", "Hm\0m."]
)
def test_odd_text_is_said_as_far_as_it_can_be(voice: Synthesiser, text: str) -> None:
    assert len(voice.whole(text)) > 0.1 * voice.sample_rate


def test_a_very_long_text_begins_as_early_and_can_be_stopped(voice: Synthesiser) -> None:
    text = "You paid $12.34 at Greenfield Rentals on 3/16/2026, and nothing since. " * 75
    assert len(text) > 5000
    windows = voice.stream(text)
    first = [next(windows) for _ in range(4)]
    windows.close()
    assert all(len(window) for window in first)
    assert len(clauses(spoken_form(text))) >= 75


def test_only_fixed_phrases_are_kept_and_sound_the_same(other_voice: Synthesiser) -> None:
    voice = other_voice
    before = voice.whole("Else?")
    voice.fix(["Else?", "We have received everything, thank you very much for that."])
    assert voice.missing() == [
        "Else?",
        "We have received everything,",
        "thank you very much for that.",
        "We have received everything, thank you very much for that.",
    ]
    voice.whole("It is $5.")
    assert len(voice.phrases) == 0
    stream = voice.stream("Else?")
    next(stream)
    stream.close()
    assert len(voice.phrases) == 0  # half a phrase is none
    voice.whole("It is. Else?")
    assert len(voice.phrases) == 1
    ready = list(voice.stream("Else?"))
    assert len(ready) == 2  # the phrase and the silence after it: nothing had to be made
    np.testing.assert_array_equal(np.concatenate(ready), before)
    voice.make("We have received everything,")
    assert len(voice.missing()) == 2


def test_a_missing_or_damaged_voice_says_how_to_get_it(voice_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no config\.json in .*tellerline models"):
        Synthesiser(tmp_path)
    shutil.copy(voice_dir / "config.json", tmp_path)
    with pytest.raises(ModelFileError, match=r"no model\.pth in"):
        Synthesiser(tmp_path)
    (tmp_path / "model.pth").write_bytes((voice_dir / "model.pth").read_bytes()[:100_000])
    with pytest.raises(ModelFileError, match=r"model\.pth is damaged.*prepare the voice again"):
        Synthesiser(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model": "glow_tts"}), encoding="utf-8")
    with pytest.raises(VoiceError, match=r"'glow_tts' model: give a VITS checkpoint"):
        Synthesiser(tmp_path)
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelFileError, match="not a Coqui configuration"):
        Synthesiser(tmp_path)


def test_a_device_that_is_not_there_is_refused(voice_dir: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(VoiceError, match="set its device to cpu or auto"):
        Synthesiser(voice_dir, device="cuda")


@pytest.mark.parametrize(
    ("two_stage", "speakers", "stochastic"), [(True, 3, True), (False, 0, False), (True, 0, True)]
)
def test_other_kinds_of_coqui_vits_speak_too(
    tmp_path: Path, two_stage: bool, speakers: int, stochastic: bool
) -> None:
    """A small untrained model of another shape: windows still equal the whole."""
    from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
    from TTS.tts.models.vits import Vits

    torch.manual_seed(3)
    args = VitsArgs(
        hidden_channels=32,
        hidden_channels_ffn_text_encoder=64,
        num_layers_text_encoder=2,
        num_layers_posterior_encoder=2,
        num_layers_flow=3,
        dilation_rate_flow=2,
        resblock_type_decoder="1" if two_stage else "2",
        upsample_initial_channel_decoder=32,
        inference_noise_scale_dp=0.2,
        length_scale=0.3,
        use_sdp=stochastic,
        use_speaker_embedding=speakers > 0,
        speaker_embedding_channels=16,
        init_discriminator=False,
    )
    names = [f"speaker {n}" for n in range(speakers)]
    config = VitsConfig(model_args=args, speakers=names or None)
    model = Vits(config)
    torch.save({"model": model.state_dict()}, tmp_path / "model.pth")
    model.config.save_json(str(tmp_path / "config.json"))

    loaded, language = load_vits(tmp_path, torch.device("cpu"))
    stream = VitsStream(loaded, speaker=max(0, speakers - 1))
    ids = loaded.tokenizer.text_to_ids("the quick brown fox jumps over the lazy dog again")
    prior = stream.prior(ids, generator())
    assert language == ""
    assert len(list(stream.windows(prior))) > 1
    np.testing.assert_allclose(
        np.concatenate(list(stream.windows(prior))), stream.whole(prior), atol=1e-4
    )
    assert len(Synthesiser(tmp_path, device="cpu", threads=1).whole("Hi.")) > 0
