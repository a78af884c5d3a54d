import type { InputUse } from '../../src/work/work-result.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { Warning } from '../../src/warning.ts';
import { registerRigid } from '../registration/register-rigid.ts';
import { fitNearby, nearbyMm, registrationFit, type RegistrationFit } from '../registration/registration-fit.ts';
import type { Body } from '../volume/body.ts';
import type { PlacedImage } from '../volume/modality-image.ts';
import { modalityOnGrid, tissueStatistics } from '../volume/modality-on-grid.ts';
import type { NetworkInput } from '../volume/preprocess.ts';
import type { Grid, Volume } from '../volume/volume.ts';

/** An image beside the CT, under the name of the bundle's input. */
export interface GivenModality extends PlacedImage {
  readonly name: string;
  /** `rigid`: the image is registered to the CT here, beginning with `fromCt`. */
  readonly how: NonNullable<InputUse['how']>;
}

type Modality = NonNullable<NetworkInput['modalities']>[number];

/** An image at its place, and how it fits the CT. */
interface MeasuredImage {
  readonly image: GivenModality;
  /** Undefined where it does not reach the body. */
  readonly measured:
    | {
        readonly statistics: NonNullable<ReturnType<typeof tissueStatistics>>;
        readonly fit: RegistrationFit;
        /** Mutual information where it would fit best nearby. */
        nearby(): number;
      }
    | undefined;
}

/**
 * The images beside one CT. Each is registered and measured when a network first takes it, once for all networks that see
 * this CT.
 */
export class ImagesBesideCt {
  readonly given: readonly GivenModality[];
  readonly #ct: Volume;
  readonly #body: Body;
  readonly #found = new Map<string, MeasuredImage>();

  /** @param ct in whose frame of reference the images are placed, with its body */
  constructor(given: readonly GivenModality[], ct: Volume, body: Body) {
    this.given = given;
    this.#ct = ct;
    this.#body = body;
  }

  find(name: string): MeasuredImage | undefined {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const given = this.given.find((one) => one.name === name);
    if (given === undefined) return undefined;
    const found = this.#measure(given);
    this.#found.set(name, found);
    return found;
  }

  #measure(given: GivenModality): MeasuredImage {
    const [ct, body] = [this.#ct, this.#body];
    const image = given.how === 'rigid' ? { ...given, fromCt: registerRigid(given, ct, body) } : given;
    const statistics = tissueStatistics(image, ct, body);
    const fit = registrationFit(image, ct, body);
    if (statistics === undefined || fit === undefined) return { image, measured: undefined };
    return { image, measured: { statistics, fit, nearby: () => fitNearby(image, ct, body) } };
  }
}

/** A modality of a network's input, ready for any grid. */
export interface PreparedModality {
  readonly use: InputUse;
  readonly warnings: readonly Warning[];
  /** The image at its place, registered where it had to be; undefined where the network has to do without it. */
  readonly placed: PlacedImage | undefined;
  /** z-score; undefined where the network has to do without it. */
  onGrid(grid: Grid): Int16Array | undefined;
}

/**
 * The modalities of a network's input in its order, each with what became of it.
 * @throws ContourNodeError SERIES_INPUT_MISSING one that the network was not trained to do without
 */
export function prepareModalities(modalities: readonly Modality[], images: ImagesBesideCt): PreparedModality[] {
  return modalities.map((modality) => {
    const found = images.find(modality.name);
    if (found === undefined) return without(modality, `no ${modality.name}: contoured on the CT alone`);
    const { image, measured } = found;
    if (measured === undefined)
      return without(
        modality,
        `the ${modality.name} does not reach the body, or shows nothing there: contoured on the CT alone`,
      );
    const { statistics, fit } = measured;
    return {
      use: { name: modality.name, used: true, how: image.how, ...rounded(fit) },
      warnings: modality.trained === undefined ? doubtsNearby(modality, fit, measured.nearby()) : doubts(modality, fit),
      placed: image,
      onGrid: (grid) => modalityOnGrid(image, grid, statistics),
    };
  });
}

function without({ name, mayBeMissing }: Modality, text: string): PreparedModality {
  if (!mayBeMissing)
    throw new ContourNodeError('SERIES_INPUT_MISSING', `the network needs an ${name} that shows the body`);
  return {
    use: { name, used: false },
    warnings: [{ code: 'INPUT_MISSING', text }],
    placed: undefined,
    onGrid: () => undefined,
  };
}

/** Where image and CT fit each other less well than in training, the registration may be wrong. */
function doubts({ name, trained }: Modality, { bodyOverlap, mutualInformation }: RegistrationFit): Warning[] {
  if (trained === undefined) return [];
  const low: string[] = [];
  if (bodyOverlap < trained.bodyOverlap[0])
    low.push(`bodies overlap by ${bodyOverlap.toFixed(2)}, in the training data at least ${trained.bodyOverlap[0]}`);
  if (mutualInformation < trained.mutualInformation[0])
    low.push(
      `mutual information ${mutualInformation.toFixed(2)}, in the training data at least ${trained.mutualInformation[0]}`,
    );
  return low.length === 0
    ? []
    : [{ code: 'REGISTRATION_FIT', text: `${name} and CT may be registered wrongly: ${low.join('; ')}` }];
}

/** By how much mutual information has to grow: two that differ by less are alike. */
const betterBy = 1.02;

/** Of a bundle that does not know how well images lay on the CT in its training, such as one from elsewhere. */
function doubtsNearby({ name }: Modality, { mutualInformation }: RegistrationFit, nearby: number): Warning[] {
  if (nearby <= mutualInformation * betterBy) return [];
  const text = `${name} and CT may be registered wrongly: moved by ${nearbyMm} mm they share more, mutual information ${nearby.toFixed(2)} instead of ${mutualInformation.toFixed(2)}`;
  return [{ code: 'REGISTRATION_FIT', text }];
}

/** Four digits, so that two machines write the same. */
function rounded({ bodyOverlap, mutualInformation }: RegistrationFit): RegistrationFit {
  const four = (value: number): number => Math.round(value * 10_000) / 10_000;
  return { bodyOverlap: four(bodyOverlap), mutualInformation: four(mutualInformation) };
}
