"""Resamples an MR series onto a CT grid by SimpleITK, for modality-on-grid.test.ts.

Images are read by SimpleITK (GDCM), the registration by pydicom: PS3.3 C.20.2.1.1 has its matrix lead from the frame of
reference of its item to that of the registration, and SimpleITK wants the way from the output to the input.
"""

import json
import sys

import numpy as np
import pydicom
import SimpleITK as sitk

task = json.loads(sys.argv[1])
first = pydicom.dcmread(task["mr"][0], stop_before_pixels=True)
registration = pydicom.dcmread(task["registration"])
(item,) = [one for one in registration.RegistrationSequence if one.FrameOfReferenceUID == first.FrameOfReferenceUID]
values = item.MatrixRegistrationSequence[0].MatrixSequence[0].FrameOfReferenceTransformationMatrix
to_input = np.linalg.inv(np.array([float(value) for value in values]).reshape(4, 4))
transform = sitk.AffineTransform(3)
transform.SetMatrix(to_input[:3, :3].ravel())
transform.SetTranslation(to_input[:3, 3])

reader = sitk.ImageSeriesReader()
reader.SetFileNames(task["mr"])
image = sitk.Cast(reader.Execute(), sitk.sitkFloat32)
resampled = sitk.Resample(
    image, task["size"], transform, sitk.sitkLinear, task["origin"], task["spacing"], list(np.eye(3).ravel()), -1000.0
)
sitk.GetArrayFromImage(resampled).astype(np.float32).tofile(task["out"])
print(json.dumps({"version": sitk.Version_VersionString()}))
