"""What highdicom reads of a segmentation: segments, codes, and the voxels of each on the images that they lie on."""

import json
import sys

import highdicom
import numpy

segmentation = highdicom.seg.segread(sys.argv[1])
shared = segmentation.SharedFunctionalGroupsSequence[0]
spacing = [float(at) for at in shared.PixelMeasuresSequence[0].PixelSpacing]
thickness = float(shared.PixelMeasuresSequence[0].SliceThickness)
orientation = numpy.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
origins = {}
for frame in segmentation.PerFrameFunctionalGroupsSequence:
    source = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
    origins[source] = numpy.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
pixels = segmentation.get_pixels_by_source_instance(list(origins), combine_segments=False)

segments = []
for number in segmentation.segment_numbers:
    description = segmentation.get_segment_description(number)
    kind = description.segmented_property_type
    frames, rows, columns = numpy.nonzero(pixels[..., number - 1])
    # PS3.3 equation C.7.6.2.1-1
    points = (
        numpy.array(list(origins.values()))[frames]
        + numpy.outer(columns * spacing[1], orientation[:3])
        + numpy.outer(rows * spacing[0], orientation[3:])
    )
    segments.append(
        {
            "label": description.segment_label,
            "category": description.segmented_property_category.meaning,
            "type": [kind.value, kind.scheme_designator, kind.meaning],
            "side": [one.CodeMeaning for one in kind.get("SegmentedPropertyTypeModifierCodeSequence", [])],
            "algorithm": description.SegmentAlgorithmType,
            "cm3": len(points) * spacing[0] * spacing[1] * thickness / 1000,
            # Mean of x, y, z (mm, LPS) of its voxels.
            "centre": points.mean(axis=0).tolist(),
        }
    )
print(
    json.dumps(
        {
            "frameOfReference": segmentation.FrameOfReferenceUID,
            "sources": len(segmentation.get_source_image_uids()),
            "segments": segments,
        }
    )
)
