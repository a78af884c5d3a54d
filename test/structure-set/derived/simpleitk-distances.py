"""Distances from a structure's surface by SimpleITK, for margins.test.ts.

The structure comes as voxels on a CT grid whose slices may lie at uneven distances. It is repeated on a regular grid of
`fine` mm, each slice being the slab up to half the way to its neighbours; SimpleITK measures there, and the value at the
centre of each CT voxel is written: mm from the surface, negative inside, float32.
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
x_of = ((np.arange(steps[0]) + 0.5) * fine / dx).astype(int)
y_of = ((np.arange(steps[1]) + 0.5) * fine / dy).astype(int)
z_of = np.searchsorted(middles, bottom + (np.arange(steps[2]) + 0.5) * fine)
image = sitk.GetImageFromArray(mask[z_of][:, y_of][:, :, x_of])
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
