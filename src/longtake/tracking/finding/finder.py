"""Features of one image: the stages of the Crocker-Grier method, one after the other.

Crocker & Grier, J. Colloid Interface Sci. 179, 298 (1996), in trackpy's arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longtake.tracking.finding.boxcar import boxcar
from longtake.tracking.finding.characterise import characterise
from longtake.tracking.finding.dedupe import brightest
from longtake.tracking.finding.gaussian import (
    bandpass_slice,
    gaussian_kernel,
    smooth_down,
)
from longtake.tracking.finding.maxima import local_maxima
from longtake.tracking.finding.noise import measure_noise
from longtake.tracking.finding.parameters import Parameters
from longtake.tracking.finding.pixels import as_pixels
from longtake.tracking.finding.quantise import count, count_table, percentile_of_counts, quantise
from longtake.tracking.finding.refine import refine
from longtake.tracking.finding.scratch import Scratch
from longtake.tracking.finding.screen import quantised_bandpass
from longtake.tracking.finding.warm_up import warm_up
from longtake.tracking.finding.window import window

if TYPE_CHECKING:
    from longtake.tracking.finding.pixels import Pixels

_scratch = Scratch()


def columns(ndim: int, parameters: Parameters) -> list[str]:
    """Name the columns that `find` gives, in order.

    Parameters
    ----------
    ndim : int
        2 for images, 3 for stacks.
    parameters : Parameters

    Examples
    --------
    >>> from longtake.tracking.finding import Parameters
    >>> columns(2, Parameters(11))
    ['y', 'x', 'mass', 'size', 'ecc', 'signal', 'raw_mass', 'ep']
    """
    axes = ["z", "y", "x"][-ndim:]
    if not parameters.characterize:
        return [*axes, "mass"]
    round_window = len(set(parameters.diameter_along(ndim))) == 1
    even_noise = len(set(parameters.noise_size_along(ndim))) == 1
    size = ["size"] if round_window else [f"size_{axis}" for axis in axes]
    ep = ["ep"] if round_window and even_noise else [f"ep_{axis}" for axis in axes]
    return [*axes, "mass", *size, "ecc", "signal", "raw_mass", *ep]


def find(image: Any, parameters: Parameters) -> dict[str, np.ndarray]:
    """Find the features of one image.

    Parameters
    ----------
    image : (H, W) or (Z, H, W) array of integers, bool or floats
    parameters : Parameters

    Returns
    -------
    dict of str to (n,) float64
        The columns, in the order of `columns`; positions in pixels.

    Raises
    ------
    InvalidArgument
        If the image does not suit the parameters, or holds NaN or infinity.

    Guarantees
    ----------
    The numbers and the order are trackpy 0.7's. Threads: several may call this at once; nearly all
    the work is done without holding the interpreter. Memory: each thread keeps a few planes of the
    image's size for the next call.

    Examples
    --------
    >>> import numpy as np
    >>> from longtake.tracking.finding import Parameters
    >>> y, x = np.mgrid[:32, :32]
    >>> image = 200 * np.exp(-((y - 12) ** 2 + (x - 20.5) ** 2) / 8)
    >>> found = find(image.astype("uint8"), Parameters(9))
    >>> [round(float(found[axis][0]), 2) for axis in "yx"]
    [12.0, 20.51]
    """
    pixels = as_pixels(image, parameters, _scratch)
    warm_up(_find_spot, np.asarray(image).dtype, pixels.ndim)
    return _find(pixels, parameters)


def _find_spot(image):
    return _find(as_pixels(image, Parameters(5), _scratch), Parameters(5))


def _find(pixels: Pixels, parameters: Parameters):
    whole, scale, counts = _whole_image(pixels, parameters)
    maxima = _maxima(whole, counts, pixels.ndim, parameters)
    names = columns(pixels.ndim, parameters)
    if len(maxima) == 0:
        return {name: np.empty(0) for name in names}
    return _measure(pixels, whole, scale, maxima, parameters, names)


def _whole_image(pixels: Pixels, parameters: Parameters):
    """Give the image to look at in whole numbers, its scale, and how often each value occurs."""
    stack = pixels.stack
    dtype = np.uint8 if pixels.white <= 255 else np.uint16 if pixels.white <= 65535 else np.int64
    if not parameters.preprocess and not pixels.scaled and stack.dtype.kind == "f":
        dtype = np.int64  # of signed values, perhaps negative
    counts = count_table(dtype) if dtype is not np.int64 else None
    if parameters.preprocess:
        whole = _scratch.array("whole", stack.shape, dtype)
        return whole, _bandpass(pixels, parameters, whole, counts), counts
    if not pixels.scaled:
        whole, scale = (stack if stack.dtype == dtype else stack.astype(dtype)), 1.0
    else:
        largest = stack.max() if stack.dtype.kind == "f" else float(stack.max())
        scale = pixels.white / largest if largest != 0 else 1.0
        whole = (scale * stack.clip(min=0)).astype(dtype)
    if counts is not None:
        count(whole.reshape(-1), counts)
    return whole, scale, counts


def _bandpass(pixels: Pixels, parameters: Parameters, whole, counts):
    """Write the band-passed image to `whole`, count its values, and give its scale."""
    stack, ndim = pixels.stack, pixels.ndim
    sizes = (1,) * (3 - ndim) + parameters.smoothing_size_along(ndim)
    sigmas = (0,) * (3 - ndim) + parameters.noise_size_along(ndim)
    threshold = parameters.threshold
    if threshold is None:
        threshold = 1 / 255 if pixels.scaled else 1
    # What is not positive would be cut off when the image is brought to whole numbers.
    threshold = max(float(threshold), np.nextafter(0.0, 1.0))
    background = boxcar(stack, sizes, _scratch, whole=pixels.whole)
    down, along = gaussian_kernel(sigmas[1]), gaussian_kernel(sigmas[2])
    if ndim == 2 and stack.dtype == np.uint8:
        bytes_only = stack[0], background[0], down, along, threshold, pixels.white, whole[0]
        scale = quantised_bandpass(*bytes_only, _scratch)
        if scale is not None:
            count(whole.reshape(-1), counts)
            return scale
    smooth = stack
    if sigmas[0] > 0:
        smooth = _scratch.array("smooth", stack.shape, np.float64)
        block = (stack.shape[0], -1)
        smooth_down(stack.reshape(block), gaussian_kernel(sigmas[0]), smooth.reshape(block))
    plane = _scratch.array("plane", stack.shape, np.float64)
    largest = max(
        bandpass_slice(smooth[z], background[z], down, along, threshold, plane[z]).max()
        for z in range(len(stack))
    )
    scale = pixels.white / largest if largest > 0 else 1.0
    if counts is None:
        whole[...] = plane * scale
    else:
        quantise(plane.reshape(-1), scale, whole.reshape(-1), counts)
    return scale


def _maxima(whole, counts, ndim, parameters: Parameters):
    """Find the local maxima brighter than the percentile and away from the edges."""
    if counts is not None:
        threshold = percentile_of_counts(counts, parameters.percentile)
    else:
        bright = whole[whole != 0]
        threshold = np.percentile(bright, parameters.percentile) if bright.size else np.nan
    if np.isnan(threshold):
        return np.empty(0, np.int64)
    flat = (0,) * (3 - ndim)
    separation = parameters.separation_along(ndim)
    # The largest box that fits into the ellipse of the separation.
    sizes = tuple(max(int(2 * s / np.sqrt(ndim)), 1) for s in separation)
    margins = tuple(
        int(np.ceil(max(d // 2, s // 2 - 1, smoothing // 2)))
        for d, s, smoothing in zip(
            parameters.diameter_along(ndim),
            separation,
            parameters.smoothing_size_along(ndim),
            strict=True,
        )
    )
    return local_maxima(
        whole, (1,) * len(flat) + sizes, int(np.floor(threshold)), flat + margins, _scratch
    )


def _measure(pixels: Pixels, whole, scale, maxima, parameters: Parameters, names):
    """Refine the maxima, drop those that are no features, and measure the others."""
    ndim = pixels.ndim
    shape = window(tuple(d // 2 for d in parameters.diameter_along(ndim)))
    features = refine(whole, maxima, shape.lines, shape.radius, parameters.max_iterations)
    positions, mass, middles = _separate(features, scale, whole.shape, ndim, parameters)
    rows = [*positions.T[3 - ndim :], mass / scale]
    if parameters.characterize or parameters.maxsize is not None:
        offsets = shape.offsets_in(whole.shape)
        sizes, ecc, signal, raw_mass = characterise(
            whole, pixels.stack, middles, mass, offsets, shape.moments, shape.cosine, shape.sine
        )
        ecc = ecc if ndim == 2 else np.full_like(ecc, np.nan)
        rows += [*sizes.T, ecc, signal / scale, raw_mass]
    table = np.array(rows)
    if parameters.maxsize is not None:
        table = table[:, table[ndim + 1] < parameters.maxsize]
    if parameters.topn is not None and table.shape[1] > parameters.topn:
        table = table[:, _brightest(table[ndim], parameters.topn)]
    if parameters.characterize:
        noise = measure_noise(whole, pixels.stack, shape.lines, _scratch)
        table = np.vstack([table, _error(table[-1], noise, shape, parameters)])
    return dict(zip(names, np.ascontiguousarray(table), strict=False))


def _separate(features, scale, image_shape, ndim, parameters: Parameters):
    """Choose the features brighter than `minmass` that have no brighter one close by."""
    positions, mass, _ = features
    # Dim ones first: in a pair they could only drop still dimmer ones.
    keep = np.flatnonzero(mass / scale > (parameters.minmass or 0))
    separation = (1,) * (3 - ndim) + parameters.separation_along(ndim)
    if min(separation) > 0:
        extent = tuple(side / s for side, s in zip(image_shape, separation, strict=True))
        keep = keep[brightest(positions[keep] / separation, mass[keep], extent)]
    return [column[keep] for column in features]


def _brightest(mass, topn):
    """Choose the features of largest mass, brightest last, ties as numpy's sorting leaves them."""
    return [np.argmax(mass)] if topn == 1 else np.argsort(mass)[-topn:]


def _error(raw_mass, noise, shape, parameters: Parameters):
    """Estimate the error of the positions, in pixels (Savin and Doyle 2005)."""
    black_level, deviation = noise
    ndim = len(shape.spread)
    noise_size = parameters.noise_size_along(ndim)
    # In float64, even where the mean of a float32 image is not.
    darkness = np.int64(shape.pixels) * black_level
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = deviation / (raw_mass - darkness)
    if len(set(noise_size)) == len(set(parameters.diameter_along(ndim))) == 1:
        return relative * noise_size[0] * shape.spread[0]
    return (relative[:, np.newaxis] * (np.array(noise_size) * shape.spread)).T
