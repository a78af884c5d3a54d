// @ts-nocheck its module is none of ours (bench/viewer.ts says where it comes from)
// The page of cornerstone3D that bench/viewer.ts compares with: three planes of the whole volume, without contours.
import { Enums, init, RenderingEngine, setVolumesForViewports, volumeLoader } from '@cornerstonejs/core';

const { width, height, slices, pixelMm, sliceMm } = await (await fetch('/volume.json')).json();
const scalarData = new Uint8Array(await (await fetch('/volume.bin')).arrayBuffer());
init();
const volumeId = 'ct';
volumeLoader.createLocalVolume(volumeId, {
  scalarData,
  metadata: {
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    SamplesPerPixel: 1,
    PixelRepresentation: 0,
    PhotometricInterpretation: 'MONOCHROME2',
    Modality: 'CT',
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [pixelMm, pixelMm],
    FrameOfReferenceUID: '1.2.3',
    Columns: width,
    Rows: height,
    voiLut: [],
  },
  dimensions: [width, height, slices],
  spacing: [pixelMm, pixelMm, sliceMm],
  origin: [0, 0, 0],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});
const engine = new RenderingEngine('engine');
const orientations = ['axial', 'coronal', 'sagittal'];
const painted = new Set();
const viewports = orientations.map((viewportId) => {
  const element = document.getElementById(viewportId);
  element.addEventListener(Enums.Events.IMAGE_RENDERED, () => {
    painted.add(viewportId);
    if (painted.size === 3) window.readyMs ??= performance.now();
  });
  const type = Enums.ViewportType.ORTHOGRAPHIC;
  return { viewportId, element, type, defaultOptions: { orientation: viewportId } };
});
engine.setViewports(viewports);
await setVolumesForViewports(engine, [{ volumeId }], orientations);
engine.render();
