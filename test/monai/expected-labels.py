"""
Writes expected-labels.json: the labels that MONAI 1.4 itself (torch 2.5.1, nibabel) gives for a small CT, for each
configuration in configs/. Run once, where these are installed: python test/monai/expected-labels.py
import-monai-bundle.test.ts makes the same CT and the same network.
"""

import json
import tempfile
from pathlib import Path

import nibabel
import numpy
import torch
from monai.bundle import ConfigParser
from monai.data import decollate_batch, list_data_collate

here = Path(__file__).parent
size = (14, 12, 9)
spacing = (1.2, 1.5, 3.1)


def ct():
    """[x, y, z], growing to the patient's left, back and head."""
    x, y, z = numpy.indices(size)
    return 250 - 9 * (x - 6) ** 2 - 7 * (y - 5) ** 2 - 20 * (z - 4) ** 2 + (x * 37 + y * 61 + z * 101) % 97


def network(channels):
    """Three by three by three voxels, so that orientation and the edges of a patch matter."""
    count = channels * 27
    weights = torch.tensor([((n * 29) % 23 - 11) / 20 for n in range(count)]).reshape(channels, 1, 3, 3, 3)
    bias = torch.tensor([0.3, 0.17, 0.1][:channels])
    return lambda image: torch.nn.functional.conv3d(image, weights, bias, padding=1)


def labels(file, channels, folder):
    config = json.loads(file.read_text())
    # The components are compared elsewhere (clean-up): here it is the label of every voxel.
    later = ("SaveImaged", "KeepLargestConnectedComponentd")
    config["postprocessing"]["transforms"] = [
        one for one in config["postprocessing"]["transforms"] if one["_target_"] not in later
    ]
    parser = ConfigParser(config)
    preprocessing = parser.get_parsed_content("preprocessing")
    inferer = parser.get_parsed_content("inferer")
    batch = list_data_collate([preprocessing({"image": str(folder / "ct.nii.gz")})])
    batch["pred"] = inferer(batch["image"], network(channels))
    [one] = decollate_batch(batch)
    result = parser.get_parsed_content("postprocessing")(one)["pred"]
    # MONAI has brought it back to the axes of the file.
    return result.numpy()[0].astype(int)


with tempfile.TemporaryDirectory() as folder:
    # RAS is what NIfTI counts in.
    affine = numpy.diag([-spacing[0], -spacing[1], spacing[2], 1])
    nibabel.save(nibabel.Nifti1Image(ct().astype(numpy.int16), affine), Path(folder) / "ct.nii.gz")
    found = {}
    for file in sorted((here / "configs").glob("*.json")):
        volume = labels(file, 1 if file.stem == "threshold" else 3, Path(folder))
        assert volume.shape == size
        print(file.stem, numpy.bincount(volume.ravel()))
        # Slices from the feet up, each row after row.
        found[file.stem] = ["".join(str(one) for one in volume[:, :, k].T.ravel()) for k in range(size[2])]
(here / "expected-labels.json").write_text(json.dumps(found, indent=2) + "\n")
