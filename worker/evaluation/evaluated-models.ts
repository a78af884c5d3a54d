import { type LoadedBundle, modalitiesSeen } from '../bundles/load-bundle.ts';
import type { Colour } from '../pictures/picture.ts';
import type { EvaluatedModel } from './evaluate-patient.ts';
import type { InputVariant } from './input-variant.ts';

/** DESIGN section 8: Deeplabv3+ green, U-Net blue; a second model of the same family takes the other colour. */
const green: Colour = [60, 255, 60];
const blue: Colour = [90, 140, 255];
const ofVariants: readonly Colour[] = [
  [255, 200, 60],
  [255, 120, 200],
  [120, 255, 255],
];

/** The bundles of an evaluation with their labels and colours. */
export function evaluatedModels(loaded: readonly LoadedBundle[]): EvaluatedModel[] {
  const names = loaded.map(({ bundle }) => bundle.manifest.name);
  const swapped =
    loaded[0]?.bundle.manifest.architecture.family === 'unet' &&
    loaded[1]?.bundle.manifest.architecture.family === 'deeplabv3plus';
  const alone = loaded.length === 1 && loaded[0]?.bundle.manifest.architecture.family === 'unet';
  const colours = swapped || alone ? [blue, green] : [green, blue];
  return loaded.map((model, index) => {
    const { name, version } = model.bundle.manifest;
    const label = names.indexOf(name) === index ? name : `${name}-${version}-B`;
    return { ...model, label, colour: colours[index] ?? [255, 255, 255] };
  });
}

/** Each model that sees more than the CT once more for each variant, after all models as they are. */
export function withVariants(models: readonly EvaluatedModel[], variants: readonly InputVariant[]): EvaluatedModel[] {
  const seeing = models.filter((model) => {
    const seen = modalitiesSeen(model);
    return seen.length > 0 && seen.every(({ mayBeMissing }) => mayBeMissing);
  });
  const more = seeing.flatMap((model) =>
    variants.map((variant, index) => ({
      ...model,
      label: `${model.label}, ${variant.words}`,
      colour: ofVariants[index % ofVariants.length]!,
      variant,
    })),
  );
  return [...models, ...more];
}
