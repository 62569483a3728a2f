"""Streams speech from a VITS model: the text once, the sound window by window.

Text encoder, durations and prior are cheap and need the whole sentence. The flow and the HiFi-GAN
decoder are convolutions: a window of their output depends on a few frames around it, no more. So
they run on a window and its margins, and the sound equals that of the whole sentence:

    prior     |··········································|   once
    flow      |--------F|                                    only frames not yet there
    decoder   |D- first -D|D------ second ------D|  ...      margins thrown away

The first window is short so that sound comes early; later ones grow, which costs less in margins.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

FIRST_FRAMES = 18
GROWTH = 2.0
LARGEST_FRAMES = 64


class VitsStream:
    """One VITS model, turned into windows of samples.

    Not locked: a model may run in several threads at once, randomness is the caller's generator.
    """

    def __init__(self, model: Any, *, speaker: int = 0, language: int = 0) -> None:
        """Take a model from `load_vits`.

        Args:
            model: A Coqui `Vits` in evaluation mode.
            speaker: Row of the speaker table, for a model with several speakers.
            language: Row of the language table, for a model with several languages.
        """
        self._model = model
        self._device = next(model.parameters()).device
        self.hop = math.prod(model.args.upsample_rates_decoder)
        self._flow_reach = flow_reach(model)
        self._decoder_reach = decoder_reach(model.args)
        self._speaker = self._row("emb_g", speaker)
        self._language = self._row("emb_l", language)

    def _row(self, table: str, index: int) -> torch.Tensor | None:
        """One row of a table that the model may have, [1, channels, 1]."""
        rows = getattr(self._model, table, None)
        if rows is None:
            return None
        row: torch.Tensor = rows(torch.tensor([index], device=self._device))
        return row.unsqueeze(-1).detach()

    @torch.inference_mode()
    def prior(
        self, ids: Sequence[int], generator: torch.Generator, speed: float = 1.0
    ) -> torch.Tensor:
        """Encode a sentence and draw its latent frames.

        Args:
            ids: Token ids of the sentence, blanks, begin and end included.
            generator: On the CPU, so that a voice sounds the same on every device.
            speed: 2.0 speaks twice as fast.

        Returns:
            [1, channels, frames]; `hop` samples a frame.
        """
        model = self._model
        tokens = torch.tensor([ids], dtype=torch.long, device=self._device)
        length = torch.tensor([len(ids)], device=self._device)
        hidden, mean, log_scale, mask = model.text_encoder(tokens, length, lang_emb=self._language)
        frames = torch.exp(self._log_durations(hidden, mask, generator)) * mask
        counts = torch.ceil(frames * (model.length_scale / speed))[0, 0].long().clamp_(0, 400)
        if not counts.any():
            counts[-1] = 1
        # the same as Vits.inference's product with the alignment matrix, without the matrix
        mean = torch.repeat_interleave(mean, counts, dim=2)
        log_scale = torch.repeat_interleave(log_scale, counts, dim=2)
        noise = torch.randn(mean.shape, generator=generator).to(mean)
        latent: torch.Tensor = mean + noise * torch.exp(log_scale) * model.inference_noise_scale
        return latent

    def _log_durations(
        self, hidden: torch.Tensor, mask: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """Log frames per token: Coqui's own predictor, but with the generator given."""
        predictor, args = self._model.duration_predictor, self._model.args
        speaker = self._speaker if args.condition_dp_on_speaker else None
        if not args.use_sdp:
            plain: torch.Tensor = predictor(hidden, mask, g=speaker, lang_emb=self._language)
            return plain
        hidden = predictor.pre(hidden)
        if speaker is not None:
            hidden = hidden + predictor.cond(speaker)
        if self._language is not None:
            hidden = hidden + predictor.cond_lang(self._language)
        hidden = predictor.proj(predictor.convs(hidden, mask)) * mask
        noise = torch.randn((1, 2, hidden.shape[2]), generator=generator).to(hidden)
        drawn = noise * self._model.inference_noise_scale_dp
        backwards = list(reversed(predictor.flows))
        for flow in [*backwards[:-2], backwards[-1]]:  # the paper's unused flow is left out
            drawn = flow(torch.flip(drawn, [1]), mask, g=hidden, reverse=True)
        log_frames: torch.Tensor = drawn[:, :1]
        return log_frames

    def windows(self, prior: torch.Tensor) -> Iterator[NDArray[np.float32]]:
        """The sound of `prior`, window by window: float samples, -1 to 1, `hop` a frame."""
        total = prior.shape[2]
        latent = prior[:, :, :0]
        start, size = 0, float(FIRST_FRAMES)
        while start < total:
            end = min(total, start + int(size))
            if total - end < FIRST_FRAMES:  # a last window too small to be worth its margins
                end = total
            needed = min(total, end + self._decoder_reach)
            latent = self._extended(latent, prior, needed)
            yield self._decoded(latent, start, end)
            start, size = end, min(size * GROWTH, LARGEST_FRAMES)

    def whole(self, prior: torch.Tensor) -> NDArray[np.float32]:
        """The sound of `prior` in one piece, for comparison."""
        frames = prior.shape[2]
        return self._decoded(self._extended(prior[:, :, :0], prior, frames), 0, frames)

    @torch.inference_mode()
    def _extended(self, latent: torch.Tensor, prior: torch.Tensor, needed: int) -> torch.Tensor:
        """`latent`, the flow's output so far, extended to `needed` frames."""
        done, total = latent.shape[2], prior.shape[2]
        if needed <= done:
            return latent
        low, high = max(0, done - self._flow_reach), min(total, needed + self._flow_reach)
        part = prior[:, :, low:high]
        ones = part.new_ones(1, 1, high - low)
        flowed = self._model.flow(part, ones, g=self._speaker, reverse=True)
        return torch.cat([latent, flowed[:, :, done - low : needed - low]], dim=2)

    @torch.inference_mode()
    def _decoded(self, latent: torch.Tensor, start: int, end: int) -> NDArray[np.float32]:
        """Samples of frames `start` to `end`."""
        reach = self._decoder_reach
        low, high = max(0, start - reach), min(latent.shape[2], end + reach)
        sound = self._model.waveform_decoder(latent[:, :, low:high], g=self._speaker)[0, 0]
        wanted = sound[(start - low) * self.hop : (end - low) * self.hop]
        return np.asarray(wanted.float().cpu().numpy(), dtype=np.float32)


def flow_reach(model: Any) -> int:
    """Frames on one side that a frame of the flow's output depends on."""
    args = model.args
    layer = (args.kernel_size_flow - 1) // 2
    wavenet = sum(layer * args.dilation_rate_flow**i for i in range(args.num_layers_flow))
    return int(wavenet * len(model.flow.flows))


def decoder_reach(args: Any) -> int:
    """Frames on one side that a sample of HiFi-GAN's output depends on.

    Walks back from the last convolution: a resblock adds its reach, an upsampling by `u` divides
    what lies behind it by `u`.
    """
    second = 1 if args.resblock_type_decoder == "1" else 0  # type 1 has an undilated one after each
    block = max(
        sum((kernel - 1) // 2 * (dilation + second) for dilation in dilations)
        for kernel, dilations in zip(
            args.resblock_kernel_sizes_decoder, args.resblock_dilation_sizes_decoder, strict=True
        )
    )
    reach = 3  # conv_post, kernel 7
    stages = zip(args.upsample_rates_decoder, args.upsample_kernel_sizes_decoder, strict=True)
    for rate, kernel in reversed(list(stages)):
        padding = (kernel - rate) // 2
        reach = math.ceil((reach + block + kernel - 1 - padding) / rate)
    return reach + 3  # conv_pre, kernel 7
