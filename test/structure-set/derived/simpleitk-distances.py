"""Distances from a structure's surface by SimpleITK, for margins.test.ts.

The structure comes as voxels on a CT grid whose slices may lie at uneven distances. It is interpolated linearly on a regular
grid of `fine` mm, where it is what reaches one half; SimpleITK measures there, and the value at the centre of each CT voxel
is written: mm from the surface, negative inside, float32.
"""

import json
import sys

import numpy as np
import SimpleITK as sitk

task = json.loads(sys.argv[1])
nx, ny, nz = task["size"]
dx, dy = task["spacing"]
z = np.array(task["z"])
fine = task["fine"]
mask = np.fromfile(task["mask"], dtype=np.uint8).reshape(nz, ny, nx)

middles = (z[1:] + z[:-1]) / 2
bottom, top = z[0] - (middles[0] - z[0]), z[-1] + (z[-1] - middles[-1])
steps = [int(round(length / fine)) for length in (nx * dx, ny * dy, top - bottom)]


def interpolated(values, axis, positions, places):
    """Linear along an axis; beyond the outermost positions these are repeated."""
    above = np.clip(np.searchsorted(positions, places), 1, len(positions) - 1)
    share = np.clip((places - positions[above - 1]) / (positions[above] - positions[above - 1]), 0, 1)
    shape = [1] * values.ndim
    shape[axis] = -1
    share = share.astype(np.float32).reshape(shape)
    return np.take(values, above - 1, axis) * (1 - share) + np.take(values, above, axis) * share


smooth = mask.astype(np.float32)
smooth = interpolated(smooth, 0, z, bottom + (np.arange(steps[2]) + 0.5) * fine)
smooth = interpolated(smooth, 1, (np.arange(ny) + 0.5) * dy, (np.arange(steps[1]) + 0.5) * fine)
smooth = interpolated(smooth, 2, (np.arange(nx) + 0.5) * dx, (np.arange(steps[0]) + 0.5) * fine)
image = sitk.GetImageFromArray((smooth >= 0.5).astype(np.uint8))
image.SetSpacing((fine, fine, fine))
distance = sitk.GetArrayFromImage(
    sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
)


def centres(positions, count):
    return np.clip(np.floor(positions / fine).astype(int), 0, count - 1)


at = np.ix_(
    centres(z - bottom, steps[2]),
    centres((np.arange(ny) + 0.5) * dy, steps[1]),
    centres((np.arange(nx) + 0.5) * dx, steps[0]),
)
distance[at].astype(np.float32).tofile(task["distances"])
print(json.dumps({"version": sitk.Version_VersionString()}))
