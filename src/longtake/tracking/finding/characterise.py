"""What a feature looks like within its window: size, eccentricity, peak, raw brightness."""

from __future__ import annotations

import numpy as np

from longtake.tracking.kernel import kernel


def characterise(image, raw, middles, mass, offsets, moments, cosine, sine):
    """Measure the window around each feature.

    Parameters
    ----------
    image, raw : (Z, H, W) arrays
        The band-passed image in whole numbers, and the one from the camera.
    middles : (n, 3) int64
        Middle pixels of the windows.
    mass : (n,) float64
        Sum of the image's pixels in each window.
    offsets : (p,) int64
        Where the window's pixels lie in the flattened image, from its middle, row by row.
    moments : (k, p) int64
        For each size wanted, the weight of every pixel of the window, row by row.
    cosine, sine : (p,) float64
        Of twice each pixel's angle around the middle.

    Returns
    -------
    sizes : (n, k) float64, pixels
        Radii of gyration.
    ecc, signal, raw_mass : (n,) float64
    """
    sizes = np.empty((len(middles), len(moments)))
    ecc, signal, raw_mass = (np.empty(len(middles)) for _ in range(3))
    places = np.ravel_multi_index(tuple(middles.T), image.shape)
    flat, raw_flat = image.reshape(-1), raw.reshape(-1)
    _characterise(
        flat, raw_flat, places, mass, offsets, moments, cosine, sine, sizes, ecc, signal, raw_mass
    )
    return sizes, ecc, signal, raw_mass


@kernel
def _characterise(
    flat, raw, places, mass, offsets, moments, cosine, sine, sizes, ecc, signal, raw_mass
):
    for i in range(len(places)):
        middle = places[i]
        peak, real, imaginary, raw_sum = 0.0, 0.0, 0.0, 0.0
        # These sums are of fractions: their order decides the last digit.
        for k in range(len(offsets)):
            # Unsigned, so that no pixel is taken to be counted from the end.
            at = np.uint64(middle + offsets[k])
            pixel = np.float64(flat[at])
            real += cosine[k] * pixel
            imaginary += sine[k] * pixel
            raw_sum += raw[at]
            peak = pixel if pixel > peak else peak
        for size in range(len(moments)):
            moment = 0
            for k in range(len(offsets)):
                moment += moments[size, k] * np.int64(flat[np.uint64(middle + offsets[k])])
            sizes[i, size] = np.sqrt(moment / mass[i]) if mass[i] != 0 else np.nan
        rest = mass[i] - np.float64(flat[np.uint64(middle)]) + 1e-6
        ecc[i] = np.sqrt(real * real + imaginary * imaginary) / rest
        signal[i] = peak
        raw_mass[i] = raw_sum
